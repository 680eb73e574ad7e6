import type { Config } from '../../config/config.js';
import type { BackupSummary } from '../../domain/backup/metadata.js';
import type { NewestDrill } from '../../repository/newest-drills.js';
import type { NewestRecoverable } from '../../repository/newest-recoverable.js';
import { age, bytes, instant, printable } from '../output/format.js';
import type { Output } from '../output/output.js';
import { section } from '../output/section.js';
import { renderTable } from '../output/table.js';

/** The part of `holdfast status` that the repository knows. */
export interface StoredStatus {
  /** The newest whole backup of each database. */
  backups: BackupSummary[];
  /** The newest base backup of each cluster that has or is to have any, and how far its WAL reaches. */
  recoverable: NewestRecoverable[];
  /** How the last drill of each database, and of points in time, ended. */
  drills: NewestDrill[];
  broken: { file: string; why: string }[];
}

/** Prints for people what the repository knows, with Temporal or without. */
export function tellStored(
  output: Output,
  config: Config,
  { backups, recoverable, drills }: StoredStatus,
): void {
  section(output, 'last backups');
  if (backups.length === 0) output.print(`no backups in ${config.backupDir}`);
  else
    output.print(
      renderTable(['DATABASE', 'CLUSTER', 'AGE', 'SIZE', 'ID'], backups.map(backupRow), {
        right: [3],
        whole: [4],
      }),
    );
  if (recoverable.length > 0) tellRecoverable(output, recoverable);
  if (drills.length > 0) tellDrills(output, drills);
}

function tellRecoverable(output: Output, recoverable: readonly NewestRecoverable[]): void {
  section(output, 'base backups and WAL');
  const rows = recoverable.map(({ cluster, base, walTo, hasGap }) => {
    const reach = walTo === null ? 'no WAL follows' : `${age(walTo)}, ${instant(walTo)}`;
    const told = base
      ? `${reach}${hasGap ? ', then a gap: `holdfast info`' : ''}`
      : 'none yet: `holdfast wal`';
    const cells = base ? [age(base.stoppedAt), bytes(base.sizeBytes), printable(base.id)] : ['', '', ''];
    return [printable(cluster), ...cells, told];
  });
  output.print(renderTable(['CLUSTER', 'AGE', 'SIZE', 'BASE BACKUP', 'WAL UP TO'], rows, { right: [2] }));
}

function tellDrills(output: Output, drills: readonly NewestDrill[]): void {
  section(output, 'last drills');
  const rows = drills.map(({ cluster, database, at, proven, lastProvenAt }) => {
    const since = lastProvenAt === null ? 'never was' : `last ${age(lastProvenAt)}`;
    const what = database === null ? '(point in time)' : printable(database);
    return [what, printable(cluster), age(at), proven ? 'yes' : `no; ${since}`];
  });
  output.print(renderTable(['DATABASE', 'CLUSTER', 'DRILLED', 'PROVEN'], rows, {}));
}

function backupRow({ database, cluster, takenAt, sizeBytes, id }: BackupSummary): string[] {
  return [printable(database), printable(cluster), age(takenAt), bytes(sizeBytes), printable(id)];
}
