import type { Config } from '../../config/config.js';
import type { BackupSummary } from '../../domain/backup/metadata.js';
import { HoldfastError } from '../../domain/errors.js';
import { describeKeep, type Keep } from '../../repository/keep.js';
import { openRepository } from '../../repository/open-repository.js';
import { type CommandContext, clustersNamed } from '../context.js';
import { parseInstant, relativeTime } from '../instant-argument.js';
import { age, bytes, printable } from '../output/format.js';
import type { Output } from '../output/output.js';
import { renderTable } from '../output/table.js';

export interface CatalogueFilter {
  database?: string | undefined;
  cluster?: string | undefined;
  limit?: number | undefined;
  /** A time with its offset from UTC, or `7 days ago`: only backups taken then or later. */
  since?: string | undefined;
  /** The same: only those taken then or before. */
  until?: string | undefined;
}

/** A backup as commands list it: with who keeps it by hand; null: retention may remove it. */
export type ListedBackup = BackupSummary & { kept: Keep | null };

/** Full backups of the clusters asked for, newest first, and metadata that can't be read. */
export interface Catalogue {
  backups: ListedBackup[];
  broken: { file: string; why: string }[];
}

/** Reads what there is of the clusters asked for. */
export async function readCatalogue(
  { config }: CommandContext,
  { database, cluster, limit, since, until }: CatalogueFilter,
): Promise<Catalogue> {
  const catalogue: Catalogue = { backups: [], broken: [] };
  const filter = {
    ...(database !== undefined && { database }),
    ...(limit && { limit }),
    ...timesOf(since, until, new Date()),
  };
  for (const each of clustersNamed(config, cluster)) {
    const repository = openRepository(each);
    const found = await repository.list(filter);
    const keeps = await repository.keeps();
    catalogue.backups.push(...found.backups.map((one) => ({ ...one, kept: keeps.get(one.id) ?? null })));
    catalogue.broken.push(...found.broken);
  }
  catalogue.backups.sort((a, b) => b.takenAt.localeCompare(a.takenAt));
  if (limit) catalogue.backups.splice(limit);
  return catalogue;
}

/** @throws HoldfastError `ConfigurationInvalid` */
function timesOf(since: string | undefined, until: string | undefined, now: Date) {
  const read = (text: string, option: string) => relativeTime(text, now) ?? parseInstant(text, option);
  const times = {
    ...(since !== undefined && { since: read(since, '--since') }),
    ...(until !== undefined && { until: read(until, '--until') }),
  };
  if (times.since && times.until && times.since > times.until) {
    throw new HoldfastError('ConfigurationInvalid', {
      attempted: 'list backups',
      cause: `--since, ${times.since.toISOString()}, is later than --until, ${times.until.toISOString()}`,
      remedy: 'exchange them',
    });
  }
  return times;
}

/** What is said where there is no backup, of the database and the time asked for if it was for them. */
export function noBackups(
  { backupDir }: Config,
  { database, since, until }: Pick<CatalogueFilter, 'database' | 'since' | 'until'>,
): string {
  const of = database === undefined ? '' : ` of ${printable(database)}`;
  const within = since === undefined && until === undefined ? '' : ' of that time';
  return `no backups${of}${within} in ${backupDir}`;
}

/** Prints it as a table. `nothing` is said where there is no backup. */
export function tellCatalogue(output: Output, { backups, broken }: Catalogue, nothing: string): void {
  const header = ['ID', 'DATABASE', 'AGE', 'SIZE', 'VERIFIED'];
  if (backups.some(({ kept }) => kept !== null)) header.push('KEPT');
  if (backups.length === 0) output.print(nothing);
  else output.print(renderTable(header, backups.map(row), { right: [3], whole: [0] }));
  for (const { id, kept } of backups)
    if (kept) output.print(`${printable(id)} is kept ${printable(describeKeep(kept))}`);
  for (const { file, why } of broken) output.warn(`${printable(file)}: ${why}`);
}

function row(backup: ListedBackup): string[] {
  return [
    printable(backup.id),
    printable(backup.database),
    age(backup.takenAt),
    bytes(backup.sizeBytes),
    backup.verifiedAt ? 'yes' : 'no',
    ...(backup.kept ? ['yes'] : []),
  ];
}
