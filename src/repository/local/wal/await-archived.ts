import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { walSuffix } from '../../../domain/wal/wal-file.js';
import { statFile } from '../../../files/real-file.js';
import type { WalLayout } from './wal-layout.js';

export interface AwaitOptions {
  timeoutMs: number;
  /** Of a segment that is whole; absent where nobody knows, and then its name is enough. */
  segmentSizeBytes?: number | undefined;
  /** Asked now and then whether waiting is in vain. */
  isInVain?: () => Promise<boolean>;
  signal?: AbortSignal;
}

const lookEveryMs = 200;
const askEveryMs = 4_000;

/**
 * Waits until the archive has the segment, whole or compressed; false when it has not come in time, or won't. One that
 * stays short is there: what is wrong with it tells the archive's verification.
 */
export async function awaitArchived(
  { wal }: WalLayout,
  segment: string,
  { timeoutMs, segmentSizeBytes, isInVain, signal }: AwaitOptions,
): Promise<boolean> {
  const until = performance.now() + timeoutMs;
  let askAt = performance.now() + askEveryMs;
  const compressed = Object.values(walSuffix).map((suffix) => join(wal, `${segment}${suffix}`));
  for (;;) {
    const plain = await statFile(join(wal, segment));
    if (plain && (segmentSizeBytes === undefined || plain.size === segmentSizeBytes)) return true;
    // Published whole, under another name.
    for (const path of compressed) if (await statFile(path)) return true;
    const now = performance.now();
    if (now >= until) return plain !== undefined;
    if (isInVain && now >= askAt) {
      if (await isInVain()) return plain !== undefined;
      askAt = performance.now() + askEveryMs;
    }
    await delay(lookEveryMs, undefined, signal && { signal });
  }
}
