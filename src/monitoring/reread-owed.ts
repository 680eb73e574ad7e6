import type { ClusterConfig } from '../config/config.js';
import type { Rereading } from '../domain/health/contracts.js';
import { reread } from '../repository/survey/reread.js';

/** Reads again what is owed of a cluster's backups. */
export async function rereadOwed(
  { name, repositoryPath: root, verifyWithinDays: withinDays }: ClusterConfig,
  signal: AbortSignal,
  { onProgress = () => {}, now = new Date() }: { onProgress?: (bytes: number) => void; now?: Date } = {},
): Promise<Rereading> {
  const found = await reread({ root, cluster: name, withinDays, now, signal, onProgress });
  const { read, bytes, flaws, changed } = found;
  return { backups: read.length, bytes, damaged: flaws.length, changed };
}
