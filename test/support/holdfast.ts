import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

/** The built command line. */
export const holdfastPath = fileURLToPath(new URL('../../dist/holdfast.cjs', import.meta.url));

function launch(args: string[], env: Record<string, string>, cwd: string) {
  const options = { env, extendEnv: false, cwd, reject: false, stdin: 'ignore' } as const;
  // Else execa kills what needs more than five seconds to stop when told.
  return execa(process.execPath, [holdfastPath, ...args], { ...options, forceKillAfterDelay: false });
}

/** A command that was started; it resolves to its end, whatever its exit code. */
export type RunningCommand = ReturnType<typeof launch>;

/** What a command printed, and its exit code. */
export interface CommandEnd {
  exitCode: number | undefined;
  stdout: string;
  stderr: string;
}

/** A place to run the built command line in, with a repository and a state folder of its own. */
export interface Workplace extends AsyncDisposable {
  /** The working folder of its commands. */
  readonly folder: string;
  readonly backupDir: string;
  /** What every command gets; add to it what a test needs. */
  readonly env: Record<string, string>;
  /** Runs a command to its end. */
  run(...args: string[]): Promise<CommandEnd>;
  /** Runs a command that must succeed; gives what it printed as JSON. */
  json<T>(...args: string[]): Promise<T>;
  /** Starts a command. What still runs is killed when the workplace is disposed of. */
  start(args: string[], env?: Record<string, string>): RunningCommand;
}

/** Makes a {@link Workplace}; nothing of the test run's own environment but PATH, HOME and the cache reaches its commands. */
export async function createWorkplace(env: Record<string, string>): Promise<Workplace> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'hf-work-')));
  const { PATH = '', HOME = '', XDG_CACHE_HOME, HOLDFAST_CACHE_DIR } = process.env;
  const place = {
    BACKUP_DIR: join(folder, 'data'),
    HOLDFAST_STATE_DIR: join(folder, 'state'),
    STALL_TIMEOUT_SECONDS: '10',
  };
  const cache = {
    ...(XDG_CACHE_HOME && { XDG_CACHE_HOME }),
    ...(HOLDFAST_CACHE_DIR && { HOLDFAST_CACHE_DIR }),
  };
  const all: Record<string, string> = { PATH, HOME, ...cache, ...place, ...env };
  const running = new Set<RunningCommand>();
  const start = (args: string[], more: Record<string, string> = {}) => {
    const child = launch(args, { ...all, ...more }, folder);
    running.add(child);
    void child.finally(() => running.delete(child));
    return child;
  };
  const run = async (...args: string[]): Promise<CommandEnd> => {
    const { exitCode, stdout, stderr } = await start(args);
    return { exitCode, stdout, stderr };
  };
  return {
    folder,
    backupDir: place.BACKUP_DIR,
    env: all,
    start,
    run,
    async json<T>(...args: string[]): Promise<T> {
      const { exitCode, stdout, stderr } = await run('--json', ...args);
      if (exitCode !== 0) throw new Error(`holdfast ${args.join(' ')} ended with ${exitCode}: ${stderr}`);
      return JSON.parse(stdout) as T;
    },
    async [Symbol.asyncDispose]() {
      for (const child of running) child.kill('SIGKILL');
      await Promise.all(running);
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
