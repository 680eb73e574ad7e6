import type { WorkflowHandle } from '@temporalio/client';
import type { ClusterBackupStatus } from '../../domain/backup/cluster-contracts.js';
import { statusQuery } from '../../domain/contracts.js';
import { counted } from '../output/format.js';

const namedAtMost = 4;

/** How far a backup of every database is; undefined while it does not know its databases yet. */
export function clusterProgress({ total, done, failed, running }: ClusterBackupStatus): string | undefined {
  if (total === 0) return undefined;
  const more = running.length - namedAtMost;
  const named = [...running.slice(0, namedAtMost), ...(more > 0 ? [`${more} more`] : [])].join(', ');
  return [
    `${done} of ${counted(total, 'database')} done`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(running.length > 0 ? [`${running.length} running: ${named}`] : []),
  ].join(', ');
}

/** Asks the workflow itself: its children's steps are none of its own. */
export async function askClusterProgress(handle: WorkflowHandle): Promise<string | undefined> {
  return clusterProgress(await handle.query<ClusterBackupStatus>(statusQuery));
}
