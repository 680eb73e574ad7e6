import { execFile } from 'node:child_process';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheDirectory } from '../../config/directories.js';
import { HoldfastError, messageOf } from '../../domain/errors.js';
import { obtainOnce } from './cache.js';
import type { FetchOptions } from './progress.js';

/** Release of the Temporal CLI that Holdfast fetches; later ones can't be installed by `go install`. */
const release = '1.5.1';

/** Oldest server that has what Holdfast uses: updates, and details of a workflow that runs. */
const oldestServerMinor = 26;

export interface ObtainOptions {
  onProgress: (message: string) => void;
  env?: NodeJS.ProcessEnv;
}

/**
 * Path of a Temporal CLI that can run a server: `temporal` on PATH, else in Holdfast's cache, else the SDK's
 * download, else built by Go; the last two into the cache.
 *
 * @throws HoldfastError `TemporalUnreachable` with what to install
 */
export async function obtainTemporal({ onProgress, env = process.env }: ObtainOptions): Promise<string> {
  const failures: string[] = [];
  const onPath = await check('temporal', env).catch((error: Error) => error);
  if (!(onPath instanceof Error)) return 'temporal';
  failures.push(`temporal on PATH: ${onPath.message}`);
  const target = join(cacheDirectory(env), `temporal-${release}-${process.platform}-${process.arch}`);
  try {
    const waiting = () => onProgress('waiting for another process that fetches Temporal');
    return await obtainOnce(target, (file) => make(file, { onProgress, env }, failures), waiting);
  } catch (error) {
    if (failures.length === 1) failures.push(`the cache ${cacheDirectory(env)}: ${briefly(error)}`);
    throw nothingWorked(failures, error);
  }
}

/** Makes `file` one way or the other and runs it once, so that nothing broken gets into the cache. */
async function make(file: string, options: FetchOptions, failures: string[]): Promise<void> {
  // Loaded only now: most commands find it in the cache.
  const { downloadWithSdk } = await import('./download-with-sdk.js');
  const { buildWithGo } = await import('./build-with-go.js');
  for (const [way, run] of [
    ['download', downloadWithSdk],
    ['go install', buildWithGo],
  ] as const) {
    try {
      await run(release, file, options);
      await check(file, options.env);
      await flush(file);
      return;
    } catch (error) {
      failures.push(`${way}: ${briefly(error)}`);
      options.onProgress(`Temporal by ${way}: ${briefly(error)}`);
    }
  }
  throw new Error(failures.join('; '));
}

/** Runs `temporal --version`, which says the server's version too: `temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)`. */
async function check(executable: string, env: NodeJS.ProcessEnv): Promise<void> {
  const run = promisify(execFile)(executable, ['--version'], { env, timeout: 20_000 });
  const { stdout } = await run.catch((error: NodeJS.ErrnoException) => {
    throw new Error(error.code === 'ENOENT' ? 'not there' : error.message);
  });
  const minor = /Server 1\.(\d+)/.exec(stdout)?.[1];
  if (!minor || Number(minor) < oldestServerMinor) {
    throw new Error(`too old or not Temporal's: ${stdout.trim().slice(0, 100)}`);
  }
}

async function flush(file: string): Promise<void> {
  const handle = await open(file, 'r');
  await handle.sync();
  await handle.close();
}

function briefly(error: unknown): string {
  const [line = ''] = messageOf(error).split('\n');
  return line.slice(0, 200);
}

function nothingWorked(failures: string[], cause: unknown): HoldfastError {
  return new HoldfastError(
    'TemporalUnreachable',
    {
      attempted: 'find a Temporal server to run',
      cause: failures.join('; '),
      remedy:
        'install the Temporal CLI (https://docs.temporal.io/cli) so that `temporal` is on PATH, or Go 1.25 for Holdfast to build it, or set TEMPORAL_ADDRESS to a server that runs',
    },
    { cause },
  );
}
