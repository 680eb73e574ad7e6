import type { DrillOutcome, DrillResult } from '../../domain/drill/contracts.js';
import { HoldfastError } from '../../domain/errors.js';
import { refuseImpossibleName } from '../../domain/impossible-name.js';
import { type DrillWishes, drillOf } from '../../temporal/operations.js';
import { type CommandContext, clusterNamed } from '../context.js';
import { runOperation, thisCommand } from '../operation/run.js';
import { openSession } from '../operation/session.js';
import { drillWords } from '../operation/step-words.js';
import { age, bytes, count, counted, duration, printable } from '../output/format.js';
import type { Output } from '../output/output.js';
import { renderTable } from '../output/table.js';
import { parseTo } from '../recovery/arguments.js';

export interface DrillOptions {
  cluster: string;
  all?: boolean;
  pointInTime?: boolean;
  to?: string;
  detach?: boolean;
}

/** Of less, the time for each GB tells of connecting and starting only. */
const tellingSizeBytes = 100 * 1024 ** 2;

/** Verification failed: what is not proven can't be relied on. */
const notProvenExitCode = 5;

/** `holdfast drill [DATABASE]`. */
export async function drillCommand(
  context: CommandContext,
  database: string | undefined,
  options: DrillOptions,
): Promise<number> {
  const what = whatToDrill(database, options);
  const cluster = clusterNamed(context.config, options.cluster);
  const session = await openSession(context, cluster.host, options.detach === true);
  try {
    const operation = drillOf(cluster, thisCommand(context, session, cluster), what);
    const start = { ...operation, queues: session.queues };
    const how = { stepWords: drillWords, detach: options.detach === true };
    const result = await runOperation<DrillResult>(context, session, start, how);
    if (!result) return 0;
    if (context.output.json) context.output.printJson(result);
    else printDrill(context.output, result);
    return result.totals.failed === 0 ? 0 : notProvenExitCode;
  } finally {
    await session.close();
  }
}

function whatToDrill(database: string | undefined, { all, pointInTime, to }: DrillOptions): DrillWishes {
  if (to !== undefined && (database !== undefined || all)) throw toIsOfClusters();
  const chosen = [database !== undefined, all, pointInTime || to !== undefined].filter(Boolean).length;
  if (chosen !== 1) {
    throw new HoldfastError('ConfigurationInvalid', {
      attempted: 'drill',
      cause:
        chosen === 0 ? 'no database was named' : 'a database, --all and --point-in-time exclude each other',
      remedy: 'run `holdfast drill DATABASE`, `holdfast drill --all` or `holdfast drill --point-in-time`',
    });
  }
  if (all) return {};
  if (database !== undefined) refuseImpossibleName('drill', database);
  if (database !== undefined) return { databases: [database], pointInTime: false };
  return { databases: [], pointInTime: true, ...(to !== undefined && { target: parseTo(to) }) };
}

function toIsOfClusters(): HoldfastError {
  return new HoldfastError('ConfigurationInvalid', {
    attempted: 'drill',
    cause:
      'a database is drilled from a full backup, which knows no other time than its own: --to is for a cluster’s WAL',
    remedy: 'run `holdfast drill --to TIME` for the cluster, and the drill of databases without --to',
  });
}

function printDrill(output: Output, result: DrillResult): void {
  const { totals, outcomes, secondsPerGb, reportPath, noPointInTimeBecause, warnings } = result;
  const proven = outcomes.filter(({ error }) => error === null);
  if (proven.length > 0) {
    const header = ['PROVEN', 'BACKUP', 'AGE', 'SIZE', 'TABLES', 'ROWS', 'LOAD', 'PROOF', 'PER GB'];
    output.print(renderTable(header, proven.map(row), { right: [3, 4, 5, 6, 7, 8] }));
  }
  for (const { database, error, backup } of outcomes) {
    if (!error) continue;
    output.fail(`${nameOf(database)}${backup ? ` (${printable(backup.id)})` : ''}: ${error.message}`);
    if (error.remedy !== undefined) output.tell(`  → ${printable(error.remedy)}`);
  }
  for (const { database, proof, warnings: own } of outcomes) {
    if (proof?.recovered) printRecovered(output, proof.recovered);
    for (const warning of own) output.warn(`${nameOf(database)}: ${warning}`);
  }
  for (const warning of warnings) output.warn(warning);
  if (noPointInTimeBecause !== null) output.note(`no point in time was recovered: ${noPointInTimeBecause}`);
  const isTold = secondsPerGb !== null && totals.sizeBytes >= tellingSizeBytes;
  const rate = isTold ? `; a GB is restored and proven in ${duration(secondsPerGb)}` : '';
  output.print(
    `${count(totals.drilled - totals.failed)} of ${counted(totals.drilled, 'restore')} proven${rate}`,
  );
  if (reportPath !== null) output.print(`report: ${printable(reportPath)}`);
}

function printRecovered(
  output: Output,
  { databases, segments, replayedTo, target }: NonNullable<NonNullable<DrillOutcome['proof']>['recovered']>,
): void {
  const last = replayedTo === null ? '' : `, the last commit of ${printable(replayedTo)}`;
  output.print(
    `point in time, ${printable(target)}: ${counted(databases, 'database')}, ${counted(segments, 'segment')} replayed${last}`,
  );
}

function row({ database, backup, proof, seconds, secondsPerGb }: DrillOutcome): string[] {
  return [
    nameOf(database),
    backup?.id ?? '',
    backup ? age(backup.takenAt) : '',
    bytes(proof?.sizeBytes ?? 0),
    count(proof?.tables ?? 0),
    proof?.rows === null || proof === null ? '-' : count(proof.rows),
    duration(seconds.load),
    duration(seconds.prove),
    secondsPerGb === null || (proof?.sizeBytes ?? 0) < tellingSizeBytes ? '-' : duration(secondsPerGb),
  ];
}

function nameOf(database: string | null): string {
  return database === null ? '(point in time)' : printable(database);
}
