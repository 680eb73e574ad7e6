import {
  type CountComparison,
  namedDifferences,
  type TableChange,
  type TableDifference,
  type TargetDifference,
} from '../../src/domain/restore/compare-tables.js';
import { canonicalJson, type RestoreEvidence } from '../../src/domain/restore/evidence.js';
import { sha256 } from '../../src/sha256.js';

/** Every table that differs, as the evidence's file lists it. */
export interface EveryDifference {
  /** From the backup's metadata. */
  fromBackup: TableDifference[];
  /** From the present target. */
  fromTarget: TableChange[];
}

/** What of two comparisons goes into the evidence, which stays small and is bound to the whole all the same. */
export function namingSome(
  counts: CountComparison,
  difference: TargetDifference | null,
): Pick<RestoreEvidence, 'counts' | 'difference' | 'everyDifference'> & { every: EveryDifference } {
  const every = { fromBackup: counts.differences, fromTarget: difference?.changes ?? [] };
  const isMore = Object.values(every).some((list) => list.length > namedDifferences);
  return {
    counts: { ...counts, differences: counts.differences.slice(0, namedDifferences) },
    difference: difference && { ...difference, changes: difference.changes.slice(0, namedDifferences) },
    ...(isMore && { everyDifference: sha256(canonicalJson(every)) }),
    every,
  };
}
