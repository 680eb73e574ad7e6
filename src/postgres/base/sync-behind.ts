import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { syncFile } from '../../files/durable.js';
import { isFolder, statFile } from '../../files/real-file.js';

const everyMs = 5_000;

/**
 * While `work` writes files into a folder, makes what is there durable every few seconds. `pg_basebackup` leaves all of it
 * to its end, when it can take minutes without a sign whether the disk does anything.
 *
 * @throws HoldfastError `StorageFailed`, also where `work` has ended by then: a later fsync would not tell of it again.
 *   Otherwise as `work`
 */
export async function syncingBehind<T>(
  folder: string,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const failed = new AbortController();
  const syncing = syncUntil(folder, over.signal).catch((error) => failed.abort(error));
  const [end] = await Promise.allSettled([
    work(AbortSignal.any([signal, failed.signal])).finally(() => over.abort()),
    syncing,
  ]);
  failed.signal.throwIfAborted();
  if (end.status === 'rejected') throw end.reason;
  return end.value;
}

async function syncUntil(folder: string, over: AbortSignal): Promise<void> {
  for (;;) {
    await delay(everyMs, undefined, { signal: over }).catch(() => undefined);
    if (over.aborted) return;
    for (const name of (await isFolder(folder)) ? await readdir(folder) : []) {
      const path = join(folder, name);
      // Where a way of compressing is not known to the server, its file is removed again.
      await syncFile(path).catch(async (error) => {
        if (await statFile(path)) throw error;
      });
    }
  }
}
