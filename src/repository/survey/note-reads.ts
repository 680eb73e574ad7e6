import { HoldfastError } from '../../domain/errors.js';
import { layoutOf } from '../local/layout.js';
import { SurveyMemory } from './survey-memory.js';

/** What reading a backup whole has found. */
export interface ReadNews {
  id: string;
  /** What is wrong with it; empty: nothing. */
  flaw: string;
}

/**
 * Has monitoring know what somebody else has read whole, so that it need not be read again soon. A memory, not a proof:
 * where this user may not read or write it, or there is no room, it stays as it was.
 *
 * @param root full path of the cluster's part of the repository
 */
export async function noteReads(
  root: string,
  cluster: string,
  news: readonly ReadNews[],
  now: Date,
): Promise<void> {
  try {
    const memory = await SurveyMemory.read(layoutOf(root, cluster).full, now);
    for (const { id, flaw } of news) {
      const known = memory.get(id);
      if (known) memory.set(id, { ...known, flaw, readAtMs: now.getTime() });
    }
    await memory.store();
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
  }
}
