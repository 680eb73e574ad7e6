import { readFile, readlink, realpath, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { HoldfastError } from '../../domain/errors.js';

/** A server that runs in a data directory. */
export interface Postmaster {
  pid: number;
  port: number;
  /** Folder of its socket; a private one for a server that `startServer` started. */
  socketDir: string;
}

/** Begins the name of every private folder of a recovering server. */
export const runFolderPrefix = 'hf-recovery-';

/** The server that runs in a data directory, by its own `postmaster.pid`; undefined when none does. */
export async function runningPostmaster(dataDir: string): Promise<Postmaster | undefined> {
  const text = await readFile(join(dataDir, 'postmaster.pid'), 'utf8').catch(() => '');
  const [pid, , , port, socketDir = ''] = text.split('\n');
  const server = { pid: Math.abs(Number(pid)), port: Number(port), socketDir };
  return server.pid > 0 && (await isServerOf(dataDir, server.pid)) ? server : undefined;
}

/** A number in a file that a crash left may be another process's by now: a server works in its data directory. */
async function isServerOf(dataDir: string, pid: number): Promise<boolean> {
  if (!isAlive(pid)) return false;
  const folder = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
  return folder === undefined || folder === (await realpath(dataDir));
}

/**
 * Stops the server that runs in a data directory, fast, and at once where that takes too long; false when none runs.
 * Its private folder goes with it.
 * @throws HoldfastError `RecoveryFailed` where it does not end
 */
export async function stopServer(dataDir: string, { patienceMs = 60_000 } = {}): Promise<boolean> {
  const server = await runningPostmaster(dataDir);
  if (!server) return false;
  process.kill(server.pid, 'SIGINT');
  if (!(await hasEnded(server.pid, patienceMs))) process.kill(server.pid, 'SIGQUIT');
  if (!(await hasEnded(server.pid, 10_000))) {
    throw new HoldfastError('RecoveryFailed', {
      attempted: `stop the server in ${dataDir}`,
      cause: `process ${server.pid} does not end`,
      remedy: 'look at its log and stop it by hand',
    });
  }
  await removeRunFolder(server.socketDir);
  return true;
}

/** Removes the private folder of a server that has ended; no other folder. */
export async function removeRunFolder(path: string): Promise<void> {
  if (basename(path).startsWith(runFolderPrefix)) await rm(path, { recursive: true, force: true });
}

/** Whether the process ends within the time. */
async function hasEnded(pid: number, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (isAlive(pid) && performance.now() < deadline) await delay(50);
  return !isAlive(pid);
}

/** A child of ours that has ended and was not waited for counts as alive to the system: Node waits for its own. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
