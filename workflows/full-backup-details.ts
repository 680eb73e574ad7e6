import type { BackupStatus, FullBackupInput } from '../src/domain/backup/contracts.js';
import { formatBytes } from '../src/domain/sizes.js';
import { detailsOf, markdownSafe } from './details.js';

const steps: BackupStatus['step'][] = [
  'inspect',
  'check space',
  'dump',
  'checksum',
  'publish',
  'cleanup',
  'done',
];

/** The run's current details in Temporal's Web UI: the step, the figures known so far. */
export function describeBackup(input: FullBackupInput, status: BackupStatus): string {
  const figures: [string, string | undefined][] = [
    ['database', `\`${markdownSafe(input.database)}\` of cluster \`${input.cluster}\``],
    ['asked by', markdownSafe(input.requester)],
    ['backup', status.backupId && `\`${markdownSafe(status.backupId)}\``],
    [
      'database size',
      status.databaseSizeBytes === undefined ? undefined : formatBytes(status.databaseSizeBytes),
    ],
    ['expected size', status.expectedBytes === undefined ? undefined : formatBytes(status.expectedBytes)],
    ['stored size', status.sizeBytes === undefined ? undefined : formatBytes(status.sizeBytes)],
    ['tables', status.tables?.toString()],
    ['rows', status.rows?.toString()],
  ];
  return detailsOf(steps, status.step, figures);
}
