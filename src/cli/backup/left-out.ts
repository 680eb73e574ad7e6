import type { BackUpClusterResult } from '../../domain/backup/cluster-contracts.js';
import { printable } from '../output/format.js';

/** The databases that a cluster's backup left out, by reason, in one line. */
export function leftOutWords({
  leftOut,
  leftOutCount,
}: Pick<BackUpClusterResult, 'leftOut' | 'leftOutCount'>): string {
  const reasons = [...new Set(leftOut.map(({ because }) => because))];
  const groups = reasons.map((reason) => {
    const names = leftOut.flatMap(({ database, because }) =>
      because === reason ? [printable(database)] : [],
    );
    return `${names.join(', ')} (${reason})`;
  });
  const more = leftOutCount - leftOut.length;
  return `${groups.join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}
