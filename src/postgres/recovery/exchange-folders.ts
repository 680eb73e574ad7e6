import { readdir, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { HoldfastError } from '../../domain/errors.js';
import { syncFolder } from '../../files/durable.js';
import { lstatIfThere } from '../../files/real-file.js';
import { storing } from '../../files/storage-error.js';
import { failpoint } from './failpoint.js';
import { runOfFolder, unmark } from './folder-mark.js';

/** A recovered cluster that is to take the place of the one in a data directory; all three in one folder. */
export interface FolderExchange {
  dataDir: string;
  /** Where the recovered cluster lies. */
  recovered: string;
  /** What the data directory becomes. */
  previous: string;
  /** Device and inode of the data directory, as it was approved. */
  approved: string;
  /** That recovered. */
  runId: string;
}

/** Where a cluster is recovered that is to take another's place, and what that one becomes. */
export function namesBeside(dataDir: string, timestamp: string): { recovered: string; previous: string } {
  return {
    recovered: `${dataDir}.recovering_${timestamp}`,
    previous: `${dataDir}__before_${timestamp}`,
  };
}

/**
 * Gives the data directory another name, and the recovered cluster its name: two renames, each made durable. An attempt
 * that finds the first one done goes on, so that nothing is ever without a name that is known. `recheck` is called before
 * anything is changed.
 * @throws HoldfastError `DataDirectoryRefused` where the folders are not those that were approved; nothing is changed then
 */
export async function exchangeFolders(
  exchange: FolderExchange,
  recheck: () => Promise<void> = async () => {},
): Promise<void> {
  const { dataDir, recovered, previous } = exchange;
  const where = await whereabouts(exchange);
  const attempted = `put ${recovered} in the place of ${dataDir}`;
  if (where === 'unknown') throw await notAsApproved(attempted, exchange);
  if (where === 'apart') {
    await recheck();
    failpoint('exchange:start');
    await move(attempted, dataDir, previous);
  }
  if (where !== 'exchanged') {
    failpoint('exchange:between');
    try {
      await move(attempted, recovered, dataDir);
    } catch (error) {
      await move(attempted, previous, dataDir).catch(() => {});
      throw error;
    }
  }
  failpoint('exchange:end');
  await unmark(dataDir);
}

/** After an exchange that failed: finds it done, or takes it back. @throws HoldfastError where neither can be */
export async function settleExchange(exchange: FolderExchange): Promise<'done' | 'undone'> {
  const { dataDir, previous } = exchange;
  const attempted = `take back the exchange of ${dataDir}`;
  const where = await whereabouts(exchange);
  if (where === 'unknown') throw await notAsApproved(attempted, exchange);
  if (where === 'between') await move(attempted, previous, dataDir);
  if (where === 'exchanged') await unmark(dataDir);
  return where === 'exchanged' ? 'done' : 'undone';
}

/**
 * Gives a data directory its name back that a run moved aside and that was ended before it could go on: nobody else
 * works on the same folder. Gives the name under which it was found.
 */
export async function undoAbandoned(dataDir: string): Promise<string | undefined> {
  const parent = dirname(dataDir);
  if (await lstatIfThere(dataDir)) return undefined;
  const names = await readdir(parent).catch((): string[] => []);
  const begin = `${basename(dataDir)}.recovering_`;
  for (const name of names.filter((each) => each.startsWith(begin)).sort()) {
    const { recovered, previous } = namesBeside(dataDir, name.slice(begin.length));
    if ((await runOfFolder(recovered, await readdir(recovered))) === undefined) continue;
    if (!(await lstatIfThere(previous))?.isDirectory()) continue;
    await move(`give ${dataDir} its name back`, previous, dataDir);
    return previous;
  }
  return undefined;
}

/** What recoveries over a data directory have left beside it that nobody works on. */
export async function abandonedBeside(dataDir: string, ours: string): Promise<string[]> {
  const names = await readdir(dirname(dataDir)).catch((): string[] => []);
  const left = names.filter((name) => name.startsWith(`${basename(dataDir)}.recovering_`));
  return left.map((name) => join(dirname(dataDir), name)).filter((path) => path !== ours);
}

type Whereabouts = 'apart' | 'between' | 'exchanged' | 'unknown';

async function whereabouts(exchange: FolderExchange): Promise<Whereabouts> {
  const { dataDir, recovered, previous, approved, runId } = exchange;
  const [at, aside] = await Promise.all([dataDir, previous].map(identityOf));
  if (at === approved && aside === undefined) return (await isOf(recovered, runId)) ? 'apart' : 'unknown';
  if (aside !== approved) return 'unknown';
  if (at === undefined) return (await isOf(recovered, runId)) ? 'between' : 'unknown';
  if (await isOf(dataDir, runId)) return 'exchanged';
  // The mark goes last: an attempt that could not tell that it had ended.
  return (await identityOf(recovered)) === undefined ? 'exchanged' : 'unknown';
}

async function isOf(path: string, runId: string): Promise<boolean> {
  const names = await readdir(path).catch((): string[] => []);
  return names.includes('PG_VERSION') && (await runOfFolder(path, names)) === runId;
}

async function identityOf(path: string): Promise<string | undefined> {
  const stats = await lstatIfThere(path);
  return stats && `${stats.dev}:${stats.ino}`;
}

async function move(attempted: string, from: string, to: string): Promise<void> {
  await storing({ attempted, path: to }, () => rename(from, to));
  await syncFolder(dirname(to));
}

async function notAsApproved(
  attempted: string,
  { dataDir, recovered, previous }: FolderExchange,
): Promise<HoldfastError> {
  const found = await Promise.all(
    [dataDir, recovered, previous].map(
      async (path) => `${path} ${(await lstatIfThere(path)) ? 'is there' : 'is not there'}`,
    ),
  );
  return new HoldfastError('DataDirectoryRefused', {
    attempted,
    cause: `the folders are not those that were approved: ${found.join(', ')}`,
    remedy: 'find out who moved them; nothing of them was removed',
  });
}
