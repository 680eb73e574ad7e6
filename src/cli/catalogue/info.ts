import type { ClusterConfig } from '../../config/config.js';
import type { BaseBackupSummary } from '../../domain/wal/base-backup.js';
import { type RecoverableWindow, recoverableWindow } from '../../domain/wal/recoverable-window.js';
import { isFolder } from '../../files/real-file.js';
import { baseRepository } from '../../repository/base/base-repository.js';
import { walLayout } from '../../repository/local/wal/wal-layout.js';
import { lookAtArchive } from '../../repository/look-at-archive.js';
import { type CommandContext, clustersNamed } from '../context.js';
import { age, bytes, counted, instant, printable } from '../output/format.js';
import type { Output } from '../output/output.js';
import { renderTable } from '../output/table.js';
import type { ListOptions } from './list.js';
import { readCatalogue, tellCatalogue } from './read-catalogue.js';

/** What a cluster's base backups and archived WAL are good for. */
interface Recoverable {
  cluster: string;
  /** Null: no point in time can be recovered to. */
  window: RecoverableWindow | null;
  baseBackups: BaseBackupSummary[];
  broken: { file: string; why: string }[];
}

/** `holdfast info [DATABASE]`: the catalogue, and from when to when each cluster can be recovered to. */
export async function infoCommand(
  context: CommandContext,
  database: string | undefined,
  options: ListOptions,
): Promise<number> {
  const { output, config } = context;
  const catalogue = await readCatalogue(context, { database, ...options });
  const clusters = await Promise.all(clustersNamed(config, options.cluster).map(look));
  if (output.json) output.printJson({ ...catalogue, clusters });
  else {
    tellCatalogue(output, catalogue, `no full backups in ${config.backupDir}`);
    for (const cluster of clusters) tell(output, cluster);
  }
  return 0;
}

async function look({ name, repositoryPath }: ClusterConfig): Promise<Recoverable> {
  const { bases, broken } = await baseRepository(repositoryPath, name).list();
  const layout = walLayout(repositoryPath);
  const [newest] = bases;
  const ofCluster = bases.filter((base) => base.systemIdentifier === newest?.systemIdentifier);
  const hasArchive = newest !== undefined && (await isFolder(layout.wal));
  const { signal } = new AbortController();
  const archive = hasArchive
    ? await lookAtArchive({ layout, bases: ofCluster, newest, timeline: 'latest', signal })
    : { holes: [], archivedTo: null };
  const window = recoverableWindow({ bases: ofCluster, ...archive, now: new Date() });
  return { cluster: name, window, baseBackups: bases, broken };
}

function tell(output: Output, { cluster, window, baseBackups, broken }: Recoverable): void {
  for (const { file, why } of broken) output.warn(`${printable(file)}: ${why}`);
  if (baseBackups.length === 0) return;
  output.print('');
  output.print(
    renderTable(['BASE BACKUP', 'CLUSTER', 'AGE', 'SIZE'], baseBackups.map(row), { right: [3], whole: [0] }),
  );
  if (window) {
    const { from, to, gaps } = window;
    output.success(
      `${printable(cluster)} can be recovered to any point from ${instant(from)} to ${instant(to)}`,
    );
    for (const gap of gaps) output.fail(`but for those from ${instant(gap.from)} to ${instant(gap.to)}`);
    if (gaps.length > 0)
      output.print(`${counted(gaps.length, 'gap')}: \`holdfast wal\` names what is missing`);
  } else output.fail(`${printable(cluster)} can be recovered to no point in time`);
}

function row(base: BaseBackupSummary): string[] {
  return [printable(base.id), printable(base.cluster), age(base.stoppedAt), bytes(base.sizeBytes)];
}
