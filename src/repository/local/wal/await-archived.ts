import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { walSuffix } from '../../../domain/wal-file.js';
import { statFile } from '../real-file.js';
import type { WalLayout } from './wal-layout.js';

export interface AwaitOptions {
  timeoutMs: number;
  signal?: AbortSignal;
}

const lookEveryMs = 200;

/** Waits until the archive has the segment, compressed or not; false when it has not come in time. */
export async function awaitArchived(
  { wal }: WalLayout,
  segment: string,
  { timeoutMs, signal }: AwaitOptions,
): Promise<boolean> {
  const until = performance.now() + timeoutMs;
  const names = ['', ...Object.values(walSuffix)].map((suffix) => join(wal, `${segment}${suffix}`));
  for (;;) {
    for (const name of names) if (await statFile(name)) return true;
    if (performance.now() >= until) return false;
    await delay(lookEveryMs, undefined, signal && { signal });
  }
}
