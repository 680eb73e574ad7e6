import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { probePort } from '../probe-port.js';
import { plainEnvironment } from './plain-environment.js';

export interface ServerArguments {
  executable: string;
  database: string;
  port: number;
  uiPort: number;
  searchAttributes: readonly string[];
}

/** A running `temporal server start-dev`. */
export interface ServerProcess {
  pid: number;
  /** Settles when it ended, however. */
  ended: Promise<void>;
  isRunning(): boolean;
  /** The last it printed. */
  lastOutput(): string;
  /** SIGTERM, after five seconds SIGKILL. */
  stop(): Promise<void>;
}

/**
 * Becomes the server, after leaving a watcher behind that stops it when the pipe from the supervisor closes without
 * the word `ended`: that is, when the supervisor itself was killed.
 */
const guardedServer = `
( ( read -r word <&3
    [ "$word" = ended ] && exit
    kill -TERM $$ && for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.3; kill -0 $$ || exit; done
    kill -KILL $$ ) >/dev/null 2>&1 & )
exec "$@" 3<&-`;

/** Starts the server; it does not listen yet: {@link untilListening}. */
export function startServer(options: ServerArguments, log: { write(text: Buffer): void }): ServerProcess {
  const child = spawn(
    '/bin/sh',
    ['-c', guardedServer, 'holdfast', options.executable, ...serverArguments(options)],
    {
      cwd: '/',
      env: plainEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    },
  );
  let tail = '';
  const take = (chunk: Buffer) => {
    tail = (tail + chunk.toString()).slice(-2000);
    log.write(chunk);
  };
  child.stdout?.on('data', take);
  child.stderr?.on('data', take);
  const leash = child.stdio[3] as Writable;
  leash.on('error', () => {});
  const ended = untilEnded(child, leash).catch((error: unknown) => take(Buffer.from(String(error))));
  const isRunning = () => child.pid !== undefined && child.exitCode === null && child.signalCode === null;
  return {
    pid: child.pid ?? 0,
    ended,
    isRunning,
    lastOutput: () => tail.trim(),
    stop: () => stop(child, ended),
  };
}

/** Waits until the server listens; false when it ended first, or after `timeoutMs`. */
export async function untilListening(
  server: ServerProcess,
  port: number,
  timeoutMs: number,
): Promise<boolean> {
  for (
    const deadline = Date.now() + timeoutMs;
    server.isRunning() && Date.now() < deadline;
    await delay(20)
  ) {
    if (!(await probePort('127.0.0.1', port, 1_000))) return server.isRunning();
  }
  return false;
}

/** Its output may come after its end; something it started could hold it open for ever. */
async function untilEnded(child: ChildProcess, leash: Writable): Promise<void> {
  const output = [child.stdout, child.stderr].map((stream) => stream && once(stream, 'close'));
  await once(child, 'exit');
  leash.end('ended\n');
  await Promise.race([Promise.all(output), delay(500)]);
}

function serverArguments({ database, port, uiPort, searchAttributes }: ServerArguments): string[] {
  return [
    ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', `${port}`, '--ui-port', `${uiPort}`],
    ...['--db-filename', database, '--log-level', 'error'],
    // Of four partitions, a task for which nobody waits yet lies in one that the first poll may pass by for 1.7 s.
    // Only of what is written: tasks that an earlier server left in the others are still read.
    ...['--dynamic-config-value', 'matching.numTaskqueueWritePartitions=1'],
    ...searchAttributes.flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
  ];
}

async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await ended;
  clearTimeout(force);
}
