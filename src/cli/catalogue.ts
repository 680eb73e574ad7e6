import type { Config } from '../config/config.js';
import type { BackupSummary } from '../domain/backup.js';
import { openRepository } from '../repository/open-repository.js';
import { type CommandContext, clustersNamed } from './context.js';
import { age, bytes, printable } from './output/format.js';
import type { Output } from './output/output.js';
import { renderTable } from './output/table.js';

export interface CatalogueFilter {
  database?: string | undefined;
  cluster?: string | undefined;
  limit?: number | undefined;
}

/** Full backups of the clusters asked for, newest first, and metadata that can't be read. */
export interface Catalogue {
  backups: BackupSummary[];
  broken: { file: string; why: string }[];
}

/** Reads what there is of the clusters asked for. */
export async function readCatalogue(
  { config }: CommandContext,
  { database, cluster, limit }: CatalogueFilter,
): Promise<Catalogue> {
  const catalogue: Catalogue = { backups: [], broken: [] };
  const filter = { ...(database !== undefined && { database }), ...(limit && { limit }) };
  for (const each of clustersNamed(config, cluster)) {
    const found = await openRepository(each).list(filter);
    catalogue.backups.push(...found.backups);
    catalogue.broken.push(...found.broken);
  }
  catalogue.backups.sort((a, b) => b.takenAt.localeCompare(a.takenAt));
  if (limit) catalogue.backups.splice(limit);
  return catalogue;
}

/** What is said where there is no backup, of the database asked for if it was for one. */
export function noBackups({ backupDir }: Config, database?: string): string {
  return `no backups${database === undefined ? '' : ` of ${printable(database)}`} in ${backupDir}`;
}

/** Prints it as a table. `nothing` is said where there is no backup. */
export function tellCatalogue(output: Output, { backups, broken }: Catalogue, nothing: string): void {
  if (backups.length === 0) output.print(nothing);
  else
    output.print(
      renderTable(['ID', 'DATABASE', 'AGE', 'SIZE', 'VERIFIED'], backups.map(row), { right: [3] }),
    );
  for (const { file, why } of broken) output.warn(`${printable(file)}: ${why}`);
}

function row(backup: BackupSummary): string[] {
  return [
    printable(backup.id),
    printable(backup.database),
    age(backup.takenAt),
    bytes(backup.sizeBytes),
    backup.verifiedAt ? 'yes' : 'no',
  ];
}
