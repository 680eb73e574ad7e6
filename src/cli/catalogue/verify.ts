import type { ClusterConfig } from '../../config/config.js';
import { totalRows } from '../../domain/backup/metadata.js';
import { HoldfastError } from '../../domain/errors.js';
import { openRepository } from '../../repository/open-repository.js';
import { noteReads } from '../../repository/survey/note-reads.js';
import { type Verification, verifyWhole } from '../../repository/verify-backup.js';
import { type CommandContext, clusterNamed, clustersNamed } from '../context.js';
import { bytes, counted, printable } from '../output/format.js';

export interface VerifyCommandOptions {
  cluster?: string;
  all?: boolean;
}

interface Verdict {
  id: string;
  ok: boolean;
  problem?: string;
  /** Whether the problem is one of the backup, and not of reading it. */
  isDamaged?: boolean;
  verification?: Verification;
}

/** `holdfast verify ID` and `holdfast verify --all`: every byte re-read. Exit code 5 when one fails. */
export async function verifyCommand(
  context: CommandContext,
  id: string | undefined,
  options: VerifyCommandOptions,
) {
  if ((id === undefined) !== (options.all === true)) {
    throw new HoldfastError('ConfigurationInvalid', {
      attempted: 'verify',
      cause: id === undefined ? 'no backup was named' : 'an id and --all exclude each other',
      remedy: 'run `holdfast verify ID` or `holdfast verify --all`',
    });
  }
  const verdicts =
    id === undefined ? await verifyAll(context, options.cluster) : [await verifyOne(context, id, options)];
  if (context.output.json) context.output.printJson(verdicts.map(toJson));
  if (id === undefined)
    context.output.print(
      `${verdicts.filter((v) => v.ok).length} of ${counted(verdicts.length, 'backup')} verified`,
    );
  return verdicts.every((verdict) => verdict.ok) ? 0 : 5;
}

async function verifyOne(
  context: CommandContext,
  id: string,
  options: VerifyCommandOptions,
): Promise<Verdict> {
  const cluster = clusterNamed(context.config, options.cluster ?? 'default');
  const repository = openRepository(cluster);
  const found = await repository.find(id);
  const verdict = await judge(context, found.id, () => verifyWhole(found));
  if (repository.owns(found.path)) await note(cluster, [verdict]);
  return verdict;
}

/** What was read here monitoring need not read again soon. */
async function note({ name, repositoryPath }: ClusterConfig, verdicts: readonly Verdict[]): Promise<void> {
  const news = verdicts
    .filter(({ ok, isDamaged }) => ok || isDamaged)
    .map(({ id, problem = '' }) => ({ id, flaw: problem }));
  await noteReads(repositoryPath, name, news, new Date());
}

async function verifyAll(context: CommandContext, clusterName: string | undefined): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const cluster of clustersNamed(context.config, clusterName)) {
    const repository = openRepository(cluster);
    const { backups, broken } = await repository.list();
    const read: Verdict[] = [];
    for (const { id } of backups)
      read.push(await judge(context, id, async () => verifyWhole(await repository.find(id))));
    await note(cluster, read);
    verdicts.push(...read);
    for (const { id, file, why } of broken) {
      context.output.fail(`${printable(file)}: ${why}`);
      verdicts.push({ id, ok: false, problem: why });
    }
  }
  return verdicts;
}

/** Tells each verdict as soon as it is known. */
async function judge(
  { output }: CommandContext,
  id: string,
  verify: () => Promise<Verification>,
): Promise<Verdict> {
  try {
    const verification = await verify();
    const { readBack, tablesCompared } = verification;
    const rows = totalRows(readBack.tables);
    const compared = tablesCompared === undefined ? ' (its metadata has no row counts to compare)' : '';
    output.success(
      `${printable(id)}: ${bytes(readBack.sizeBytes)}, ${counted(readBack.tables.length, 'table')}, ${counted(rows, 'row')}${compared}`,
    );
    return { id, ok: true, verification };
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    output.fail(`${printable(id)}: ${error.story.cause}`);
    const isDamaged = error.type === 'VerificationFailed';
    return { id, ok: false, isDamaged, problem: error.story.cause };
  }
}

function toJson({ id, ok, problem, verification }: Verdict) {
  return {
    id,
    ok,
    ...(problem !== undefined && { problem }),
    ...(verification && {
      checksum: verification.readBack.checksum,
      sizeBytes: verification.readBack.sizeBytes,
      tables: verification.readBack.tables.length,
      rows: totalRows(verification.readBack.tables),
    }),
  };
}
