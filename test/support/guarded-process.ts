import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';

/** A program that a test started, and that ends with the test run, also when that is killed. */
export interface GuardedProcess {
  readonly pid: number;
  isRunning(): boolean;
  /** The last it said on standard error. */
  told(): string;
  /** Sends a signal and waits for the end; gives the exit code, null where the signal ended it. */
  stop(signal: NodeJS.Signals): Promise<number | null>;
}

/** A watcher ends it when the pipe from the test run closes without a word: the run was killed. */
const guarded = `
( ( read -r word <&3
    [ "$word" = ended ] || kill -KILL $$ ) >/dev/null 2>&1 & )
exec "$0" "$@" 3<&-`;

/** Starts a program; it needs no stop where it ended by itself. */
export function startGuarded(
  program: string,
  args: string[],
  options: { cwd: string; env?: NodeJS.ProcessEnv },
): GuardedProcess {
  const stdio = ['ignore', 'ignore', 'pipe', 'pipe'] as const;
  const child = spawn('/bin/sh', ['-c', guarded, program, ...args], { ...options, stdio: [...stdio] });
  let told = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    told = (told + chunk.toString()).slice(-2000);
  });
  const leash = child.stdio[3] as Writable;
  leash.on('error', () => {});
  child.once('exit', () => leash.end('ended\n'));
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  return {
    pid: child.pid ?? 0,
    isRunning,
    told: () => told,
    async stop(signal) {
      if (isRunning()) {
        const ended = once(child, 'exit');
        child.kill(signal);
        await ended;
      }
      return child.exitCode;
    },
  };
}
