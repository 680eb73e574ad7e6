import { describeKeep, type Keep } from '../../repository/keep.js';
import { openRepository } from '../../repository/open-repository.js';
import { type CommandContext, clusterNamed } from '../context.js';
import { requesterName } from '../operation/requester.js';
import { printable } from '../output/format.js';
import { idOfOwn } from './own-backup.js';

export interface KeepOptions {
  cluster: string;
  reason?: string;
}

/** What became of a backup's keep. */
interface Change {
  id: string;
  /** Null: retention may remove it. */
  kept: Keep | null;
  /** Null: it was not kept. */
  before: Keep | null;
}

const withBase = 'copy its folder elsewhere to have it for longer: it holds the WAL that makes it consistent';

/** `holdfast keep ID` and `holdfast keep latest DATABASE`: whatever its age, until it is released. */
export async function keepCommand(
  context: CommandContext,
  reference: string,
  database: string | undefined,
  { cluster, reason }: KeepOptions,
): Promise<number> {
  const repository = openRepository(clusterNamed(context.config, cluster));
  const id = await idOfOwn(repository, { verb: 'keep', withBase }, reference, database);
  const before = (await repository.keeps()).get(id) ?? null;
  await repository.keep(id, { by: requesterName(), at: new Date(), reason: reason?.trim() || null });
  const change = { id, kept: (await repository.keeps()).get(id) ?? null, before };
  tell(context, change, `kept ${printable(id)}: it stays, whatever its age, until it is released`);
  if (before) context.output.note(`until now it was kept ${printable(describeKeep(before))}`);
  return 0;
}

/** `holdfast release ID`: it goes by retention again. */
export async function releaseCommand(
  context: CommandContext,
  reference: string,
  database: string | undefined,
  { cluster }: KeepOptions,
): Promise<number> {
  const repository = openRepository(clusterNamed(context.config, cluster));
  const id = await idOfOwn(repository, { verb: 'release', withBase }, reference, database);
  const before = (await repository.keeps()).get(id) ?? null;
  const wasKept = await repository.release(id);
  const told = wasKept
    ? `released ${printable(id)}: it goes by retention again`
    : `${printable(id)} was not kept`;
  tell(context, { id, kept: null, before }, told);
  if (before) context.output.note(`until now it was kept ${printable(describeKeep(before))}`);
  return 0;
}

function tell({ output }: CommandContext, change: Change, told: string): void {
  if (output.json) output.printJson(change);
  else output.success(told);
}
