import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import lockfile from 'proper-lockfile';

/**
 * Takes the lock named `file` unless another process holds it; returns its release. A holder that was killed
 * loses it after ten seconds.
 */
export async function tryLock(file: string): Promise<(() => Promise<void>) | undefined> {
  await mkdir(dirname(file), { recursive: true });
  try {
    // What the lock guards is published by rename, so that a holder that lost it can do no harm.
    const release = await lockfile.lock(file, { realpath: false, onCompromised: () => {} });
    return () => release().catch(() => {});
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw error;
    return undefined;
  }
}

/** As {@link tryLock}, but waits; `onWait` is called once when there is something to wait for. */
async function lock(file: string, onWait?: () => void): Promise<() => Promise<void>> {
  for (let waited = false; ; waited = true) {
    const release = await tryLock(file);
    if (release) return release;
    if (!waited) onWait?.();
    await delay(100);
  }
}

/**
 * Makes sure that the file or directory `target` exists, whole: `build` makes it under another name, in a fresh
 * folder, and it is renamed when done. One process builds at a time, the others wait and find it there.
 */
export async function obtainOnce(
  target: string,
  build: (unfinished: string) => Promise<void>,
  onWait?: () => void,
): Promise<string> {
  if (existsSync(target)) return target;
  const release = await lock(target, onWait);
  try {
    if (existsSync(target)) return target;
    const prefix = `.partial-${basename(target)}-`;
    await removePartials(dirname(target), prefix);
    const workshop = join(dirname(target), `${prefix}${process.pid}`);
    try {
      await mkdir(workshop);
      const unfinished = join(workshop, basename(target));
      await build(unfinished);
      await rename(unfinished, target);
    } finally {
      await rm(workshop, { recursive: true, force: true });
    }
    return target;
  } finally {
    await release();
  }
}

/** What builders killed in the middle left behind; to be called with the lock held. */
async function removePartials(folder: string, prefix: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.startsWith(prefix));
  await Promise.all(names.map((name) => rm(join(folder, name), { recursive: true, force: true })));
}
