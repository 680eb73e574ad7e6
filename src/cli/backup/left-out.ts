import type { BackUpClusterResult, LeftOutDatabase } from '../../domain/backup/cluster-contracts.js';
import { printable } from '../output/format.js';

/** Where the reason alone doesn't tell. */
const words: Partial<Record<LeftOutDatabase['because'], string>> = {
  invalid: 'invalid: its DROP DATABASE was interrupted',
};

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
    return `${names.join(', ')} (${words[reason] ?? reason})`;
  });
  const more = leftOutCount - leftOut.length;
  return `${groups.join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}
