import type { RetentionDecision } from '../../domain/backup/retention.js';
import { refuseImpossibleName } from '../../domain/impossible-name.js';
import { expireBackups } from '../../repository/expire-backups.js';
import { openRepository } from '../../repository/open-repository.js';
import { type CommandContext, clustersNamed } from '../context.js';
import { printable } from '../output/format.js';
import { renderTable } from '../output/table.js';
import { noBackups } from './read-catalogue.js';

export interface ExpireOptions {
  cluster?: string;
  keepLast?: number;
  dryRun?: boolean;
}

/** `holdfast expire [DATABASE] [--dry-run]`: retention, with its reasons. */
export async function expireCommand(
  context: CommandContext,
  database: string | undefined,
  options: ExpireOptions,
) {
  const { output, config } = context;
  if (database !== undefined) refuseImpossibleName('expire', database);
  const plans = [];
  for (const cluster of clustersNamed(context.config, options.cluster)) {
    const plan = await expireBackups(openRepository(cluster), {
      ...(database !== undefined && { database }),
      retentionDays: cluster.retentionDays,
      keepLast: options.keepLast ?? cluster.keepLast,
      dryRun: options.dryRun === true,
      now: new Date(),
    });
    plans.push(plan);
  }
  const expire = plans.flatMap((plan) => plan.expire);
  const keep = plans.flatMap((plan) => plan.keep);
  if (output.json) {
    output.printJson({ dryRun: options.dryRun === true, expire, keep });
    return 0;
  }
  if (expire.length + keep.length === 0) {
    output.print(noBackups(config, { database }));
    return 0;
  }
  const verb = options.dryRun ? 'would expire' : 'expired';
  const told = (what: string) => (decision: RetentionDecision) => [
    what,
    printable(decision.id),
    decision.because,
  ];
  const cells = [...expire.map(told(verb)), ...keep.map(told('kept'))];
  output.print(renderTable(['', 'ID', 'BECAUSE'], cells, { whole: [1] }));
  output.print(`${verb} ${expire.length}, kept ${keep.length}`);
  return 0;
}
