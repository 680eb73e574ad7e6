import type { BackupSummary } from '../domain/backup.js';
import { openRepository } from '../repository/open-repository.js';
import { type CommandContext, clustersNamed } from './context.js';
import { age, bytes, printable } from './output/format.js';
import { renderTable } from './output/table.js';

export interface ListOptions {
  cluster?: string;
  limit?: number;
}

/** `holdfast list [DATABASE]`: the catalogue, newest first. */
export async function listCommand(
  context: CommandContext,
  database: string | undefined,
  options: ListOptions,
) {
  const { output, config } = context;
  const backups: BackupSummary[] = [];
  const broken: { file: string; why: string }[] = [];
  for (const cluster of clustersNamed(config, options.cluster)) {
    const filter = {
      ...(database !== undefined && { database }),
      ...(options.limit && { limit: options.limit }),
    };
    const found = await openRepository(cluster).list(filter);
    backups.push(...found.backups);
    broken.push(...found.broken);
  }
  backups.sort((a, b) => b.takenAt.localeCompare(a.takenAt));
  const shown = options.limit ? backups.slice(0, options.limit) : backups;
  if (output.json) output.printJson({ backups: shown, broken });
  else if (shown.length === 0) {
    const what = database === undefined ? 'no backups' : `no backups of ${printable(database)}`;
    output.print(`${what} in ${config.backupDir}`);
  } else
    output.print(renderTable(['ID', 'DATABASE', 'AGE', 'SIZE', 'VERIFIED'], shown.map(row), { right: [3] }));
  for (const { file, why } of broken) output.warn(`${printable(file)}: ${why}`);
  return 0;
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
