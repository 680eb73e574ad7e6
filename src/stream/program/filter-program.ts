import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

/** A program that reads its standard input and writes its standard output. */
export interface FilterProgram {
  /** Full path. */
  path: string;
  args: string[];
  /** In errors. @defaultValue its path */
  name?: string;
  /** Added to {@link filterEnvironment}. */
  env?: Record<string, string>;
}

/** A filter program that runs. */
export interface RunningFilter<Output = Readable> {
  stdin: Writable;
  /** Null where it was handed over. */
  stdout: Output;
  /**
   * Resolves when it has ended with exit code 0 and everything it wrote was read.
   *
   * @throws FilterFailed
   */
  finished: Promise<void>;
}

/** How a filter program ended that didn't end well, in its own last words where it had any. */
export class FilterFailed extends Error {
  override readonly name = 'FilterFailed';

  constructor(
    message: string,
    /** Whether it ended by a signal, or could not be started: nothing that its input did. */
    readonly notByInput: boolean,
  ) {
    super(message);
  }
}

/** Between asking a program to end and ending it. */
const graceMs = 5000;
const keptStderrBytes = 2000;

/**
 * Starts a filter program in an environment of its own, so that no `GZIP`, `ZSTD_CLEVEL` or locale of the
 * operator's changes what it does. It writes to a pipe of ours, or to the stream whose descriptor it is handed. Once
 * `signal` is aborted it is asked to end, and after 5 s made to.
 */
export function startFilter(program: FilterProgram, signal: AbortSignal): RunningFilter;
export function startFilter(
  program: FilterProgram,
  signal: AbortSignal,
  stdout: Writable,
): RunningFilter<null>;
export function startFilter(
  { path, args, env, name = path }: FilterProgram,
  signal: AbortSignal,
  stdout: 'pipe' | Writable = 'pipe',
): RunningFilter<Readable | null> {
  const stdio = ['pipe', stdout, 'pipe'] as const;
  // In a process group of its own: Ctrl-C at the terminal is for us. A reader that it ended would say its file is damaged.
  const child = spawn(path, args, {
    env: { ...filterEnvironment(), ...env },
    stdio: [...stdio],
    detached: true,
  }) as Child;
  if (!(child.stdin as Writable | undefined)) throw withoutPipes(child, name);
  // A broken pipe shows in how the program ended.
  child.stdin.on('error', () => {});
  child.stdout?.on('error', () => {});
  const finished = ended(child, name);
  stopOnAbort(child, signal);
  return { stdin: child.stdin, stdout: child.stdout, finished };
}

/** Where the process has too many files open, Node makes no pipes at all, and tells why a moment later. */
function withoutPipes(child: Child, name: string): FilterFailed {
  child.on('error', () => {});
  return new FilterFailed(`${name} could not be started: too many files are open`, true);
}

/** The environment of every filter program. */
export function filterEnvironment(): Record<string, string> {
  return { PATH: process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C' };
}

type Child = ChildProcessByStdio<Writable, Readable | null, Readable>;

async function ended(child: Child, name: string): Promise<void> {
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-keptStderrBytes);
  });
  await new Promise<void>((resolve, reject) => {
    child.on('error', (error) =>
      reject(new FilterFailed(`${name} could not be started: ${error.message}`, true)),
    );
    child.on('close', (code, signalName) => {
      if (code === 0) return resolve();
      const how = signalName ? `was ended by ${signalName}` : `ended with exit code ${code}`;
      const words = stderr.trim().replaceAll('\n', ' ');
      reject(new FilterFailed([`${name} ${how}`, words].filter(Boolean).join(': '), signalName !== null));
    });
  });
}

function stopOnAbort(child: Child, signal: AbortSignal): void {
  let timer: NodeJS.Timeout | undefined;
  const stop = () => {
    child.kill('SIGTERM');
    // What nobody reads any more would keep the child from counting as ended.
    child.stdout?.destroy();
    child.stdin.destroy();
    timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
  };
  child.once('close', () => {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  });
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
}
