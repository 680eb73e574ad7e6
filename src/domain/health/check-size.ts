import { bytes } from '../sizes.js';
import type { DatabaseBackups, HealthFacts } from './facts.js';
import type { Finding } from './finding.js';
import { nothingToJudge, ofDatabase } from './unjudged.js';

const mostShrunkPercent = 30;
const mostGrownPercent = 50;

/** Fewer say nothing of what is usual. */
export const leastEarlier = 2;

/** Whether a database's newest backup has the size that is usual for it. */
export function checkSize(facts: HealthFacts, database: DatabaseBackups): Finding {
  const threshold = `not ${mostShrunkPercent} % smaller, nor ${mostGrownPercent} % larger than the median of the previous ones`;
  const finding = ofDatabase('size_trend', facts, database, threshold);
  const { newest, earlierSizesBytes } = database;
  if (!newest) return nothingToJudge(finding, 'there is no backup');
  const metrics = { last_backup_size_mb: Math.round((newest.sizeBytes / 1024 ** 2) * 100) / 100 };
  const size = bytes(newest.sizeBytes);
  if (newest.sizeBytes === 0 || earlierSizesBytes.length < leastEarlier)
    return { ...nothingToJudge(finding, `${size}; too few backups before it to compare`), metrics };
  const usual = median(earlierSizesBytes);
  const percent = usual === 0 ? 0 : (100 * (newest.sizeBytes - usual)) / usual;
  const message = `${size}, the median before it is ${bytes(usual)} (${percent < 0 ? '' : '+'}${Math.round(percent)} %)`;
  if (percent >= -mostShrunkPercent && percent <= mostGrownPercent)
    return { ...finding, state: 'ok', message, metrics };
  const remedy =
    percent < 0
      ? 'look whether data is missing: `holdfast show --tables` has the rows of each table'
      : 'look what grew: `holdfast show --tables` has the rows of each table';
  return { ...finding, state: 'warning', message, metrics, remedy };
}

/** The middle one, or between the two middle ones. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [upper = 0, lower = upper] = [sorted[middle], sorted[middle - 1]];
  return sorted.length % 2 === 1 ? upper : (lower + upper) / 2;
}
