import type { BackupSummary } from './metadata.js';

/** Newest backups that an estimate looks at. */
const consideredBackups = 3;

/** What an artifact may be larger than the last ones were, for the same size of database. */
const slack = 1.2;

/**
 * The size the next artifact may have: the largest of the last backups, each scaled by the growth of the
 * database since, plus 20 %. Undefined without a history. `last` may come in any order.
 */
export function estimateArtifactBytes(
  last: readonly BackupSummary[],
  databaseSizeBytes: number,
): number | undefined {
  if (last.length === 0) return undefined;
  const newest = [...last].sort((a, b) => Date.parse(b.takenAt) - Date.parse(a.takenAt));
  const scaled = newest.slice(0, consideredBackups).map((backup) => {
    // A nine-field backup does not tell how large its database was.
    const growth = backup.databaseSizeBytes ? databaseSizeBytes / backup.databaseSizeBytes : 1;
    return backup.sizeBytes * growth;
  });
  return Math.ceil(Math.max(...scaled) * slack);
}
