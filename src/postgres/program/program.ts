import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { errorCode } from '../../files/storage-error.js';
import { notRunnable } from './not-runnable.js';

/** How long a program may take to end after SIGTERM, and its standard error after its end. */
const patienceMs = 5_000;

/** What ends the programs that run, should this process end: one listener for all of them, for Node warns of eleven. */
const endWithUs = new Set<() => void>();
process.on('exit', () => {
  for (const end of endWithUs) end();
});

export interface ProgramOptions {
  path: string;
  args: string[];
  env: Record<string, string>;
  /** See `stdout` of a dump. */
  stdout: 'pipe' | Writable;
  signal?: AbortSignal;
  /** For a program that starts others: none of its group outlives it, however it ends. @defaultValue false */
  ownGroup?: boolean;
}

export interface ProgramExit {
  exitCode: number | undefined;
  /** Name of the signal that ended it. */
  signal: string | undefined;
  /** Why it could not even be started: `ENOENT`, `EACCES`. */
  notStarted: string | undefined;
}

/**
 * Starts a program with nothing on its standard input. Not by execa, which waits for a stream that it was given
 * while this one has to be closed at once: the consumer would otherwise never see the end.
 */
export function startProgram({ path, args, env, stdout, signal, ownGroup = false }: ProgramOptions): {
  child: ChildProcess;
  exited: Promise<ProgramExit>;
} {
  // In a process group of its own: Ctrl-C at the terminal is for us, who end it in order.
  const child = spawning(path, () =>
    spawn(path, args, { env, stdio: ['ignore', stdout, 'pipe'], detached: true }),
  );
  // Destroyed, not ended: an end would shut the socket down for the program as well.
  if (stdout !== 'pipe') stdout.destroy();
  return { child, exited: waitForExit(child, signal, ownGroup) };
}

/** Most of what keeps a program from starting comes as an event, but not that there is no memory. */
function spawning(path: string, start: () => ChildProcess): ChildProcess {
  try {
    return start();
  } catch (error) {
    throw notRunnable('start a program', path, errorCode(error));
  }
}

async function waitForExit(
  child: ChildProcess,
  signal: AbortSignal | undefined,
  ownGroup: boolean,
): Promise<ProgramExit> {
  let escalation: NodeJS.Timeout | undefined;
  const kill = ownGroup ? (name: NodeJS.Signals) => killGroup(child, name) : child.kill.bind(child);
  const terminate = () => {
    kill('SIGTERM');
    escalation = setTimeout(() => kill('SIGKILL'), patienceMs);
  };
  const leaveNone = () => kill('SIGTERM');
  endWithUs.add(leaveNone);
  signal?.addEventListener('abort', terminate, { once: true });
  if (signal?.aborted) terminate();
  try {
    const [exitCode, killedBy] = (await once(child, 'exit')) as [number | null, string | null];
    return { exitCode: exitCode ?? undefined, signal: killedBy ?? undefined, notStarted: undefined };
  } catch (error) {
    const { code = 'unknown reason' } = error as NodeJS.ErrnoException;
    return { exitCode: undefined, signal: undefined, notStarted: code };
  } finally {
    clearTimeout(escalation);
    if (ownGroup) kill('SIGTERM');
    hangUpOn(child);
    endWithUs.delete(leaveNone);
    signal?.removeEventListener('abort', terminate);
  }
}

function killGroup({ pid }: ChildProcess, name: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, name);
  } catch {
    // All of them have ended.
  }
}

/** A program of the program's own may still hold its standard error open. */
function hangUpOn({ stderr }: ChildProcess): void {
  const patience = setTimeout(() => stderr?.destroy(), patienceMs);
  stderr?.once('close', () => clearTimeout(patience));
}
