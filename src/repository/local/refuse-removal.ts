import { HoldfastError } from '../../domain/errors.js';
import { shellWord } from '../../domain/shell-word.js';
import { describeKeep } from '../keep.js';
import { describeLease } from '../lease.js';
import { keepOf } from './keep.js';
import type { Layout } from './layout.js';
import { leases } from './lease.js';

/** Why a backup may not be removed: somebody keeps it by hand, or a run reads it. Undefined: it may. */
export async function removalRefusal(layout: Layout, id: string): Promise<HoldfastError | undefined> {
  const attempted = `remove backup ${id}`;
  const kept = await keepOf(layout, id);
  if (kept) {
    const remedy = `let go of it first: holdfast release ${shellWord(id)}`;
    return new HoldfastError('RemovalRefused', { attempted, cause: `kept ${describeKeep(kept)}`, remedy });
  }
  const lease = (await leases(layout)).find(({ backupId }) => backupId === id);
  if (!lease) return undefined;
  const remedy = 'wait until the restore has ended';
  return new HoldfastError('BackupInUse', { attempted, cause: describeLease(lease), remedy });
}
