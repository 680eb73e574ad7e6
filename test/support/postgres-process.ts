import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { serverUser } from './server-user.js';

export interface PostgresPaths {
  /** Everything of this server; goes with it when the test run is killed. */
  folder: string;
  binDir: string;
  dataDir: string;
  logFile: string;
}

/** A running postmaster. */
export interface PostgresProcess {
  pid: number;
  isRunning(): boolean;
  stop(signal: 'SIGTERM' | 'SIGINT' | 'SIGQUIT'): Promise<void>;
}

/**
 * Becomes the server, after leaving a watcher behind that stops it and removes its folder once the pipe from the
 * test run closes without the word `keep`: also when the run ended by SIGKILL.
 */
const guardedServer = `
( ( read -r word <&3
    [ "$word" = keep ] && exit
    kill -QUIT $$; while kill -0 $$; do sleep 0.1; done; rm -rf "$0" ) >/dev/null 2>&1 & )
exec "$@" 3<&-`;

/** Starts a server and waits until it takes connections. */
export async function startPostgres(paths: PostgresPaths): Promise<PostgresProcess> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await tryStart(paths);
    } catch (error) {
      // The backends of a killed postmaster take a moment to notice, on a busy machine a long one.
      if (attempt === 600 || !String(error).includes('pre-existing shared memory block')) throw error;
      await delay(100);
    }
  }
}

/** The environment without libpq's variables: ours are not for servers and tools that tests run. */
export function environmentWithoutPg(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('PG')));
}

async function tryStart(paths: PostgresPaths): Promise<PostgresProcess> {
  const logStart = statSync(paths.logFile, { throwIfNoEntry: false })?.size ?? 0;
  const child = launch(paths);
  const isRunning = () => child.pid !== undefined && child.exitCode === null && child.signalCode === null;
  while (!(await isReady(paths.dataDir, child.pid))) {
    if (!isRunning()) {
      const log = (await readFile(paths.logFile)).subarray(logStart).toString();
      throw new Error(`${paths.binDir}/postgres did not start:\n${log.slice(-2000)}`);
    }
    await delay(20);
  }
  return { pid: child.pid ?? 0, isRunning, stop: (signal) => stop(child, isRunning, signal) };
}

function launch({ folder, binDir, dataDir, logFile }: PostgresPaths): ChildProcess {
  const log = openSync(logFile, 'a');
  const child = spawn('/bin/sh', ['-c', guardedServer, folder, join(binDir, 'postgres'), '-D', dataDir], {
    ...serverUser(),
    cwd: '/',
    env: environmentWithoutPg(),
    stdio: ['ignore', log, log, 'pipe'],
    // Its own group: Ctrl-C at the terminal is for the test run, which then stops it.
    detached: true,
  });
  closeSync(log);
  const leash = child.stdio[3] as Writable;
  leash.on('error', () => {});
  child.once('exit', () => leash.end('keep\n'));
  return child;
}

/** As `pg_ctl` looks: the last line of postmaster.pid. */
async function isReady(dataDir: string, pid: number | undefined): Promise<boolean> {
  const lines = (await readFile(join(dataDir, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
  return lines[0] === String(pid) && /^(ready|standby)/.test(lines[7] ?? '');
}

async function stop(child: ChildProcess, isRunning: () => boolean, signal: NodeJS.Signals): Promise<void> {
  if (!isRunning()) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await ended;
}
