import { HoldfastError } from '../../domain/errors.js';
import type { TablespaceWish } from '../../domain/recovery/contracts.js';
import type { BaseTablespace } from '../../domain/wal/base-backup.js';
import { lookAtFolder, refused } from './claim-folder.js';
import { requireMapping } from './tablespace-map.js';

/**
 * The folder of each tablespace of a base backup: the one that was asked for, else where it was, if nothing is there.
 * @throws HoldfastError `DataDirectoryRefused`, `ConfigurationInvalid` for a wish that fits no tablespace
 */
export async function placeTablespaces(
  attempted: string,
  tablespaces: readonly BaseTablespace[],
  wishes: readonly TablespaceWish[],
  dataDir: string,
): Promise<{ oid: number; path: string }[]> {
  const isMeant =
    ({ name, path }: BaseTablespace) =>
    (wish: TablespaceWish) =>
      wish.from === path || wish.from === name;
  const idle = wishes.find((wish) => !tablespaces.some((each) => isMeant(each)(wish)));
  if (idle) throw unknownTablespace(attempted, idle, tablespaces);
  const placed: { oid: number; path: string }[] = [];
  for (const tablespace of tablespaces) {
    const path = wishes.find(isMeant(tablespace))?.to ?? tablespace.path;
    await requireFree(attempted, tablespace, path);
    placed.push({ oid: tablespace.oid, path });
  }
  requireMapping(attempted, tablespaces, new Map(placed.map(({ oid, path }) => [oid, path])), dataDir);
  return placed;
}

async function requireFree(
  attempted: string,
  { name, path: was }: BaseTablespace,
  path: string,
): Promise<void> {
  const named = `tablespace ${JSON.stringify(name)}, which was in ${was}`;
  const remedy = `give it an empty or new folder with --tablespace ${was}=FOLDER`;
  const state = await lookAtFolder(attempted, path).catch((error: unknown) => {
    if (!(error instanceof HoldfastError)) throw error;
    throw new HoldfastError(error.type, { attempted, cause: `${named}: ${error.story.cause}`, remedy });
  });
  if (state === 'missing' || state === 'empty') return;
  throw refused(attempted, path, `there is a cluster in it, and it is no place for ${named}`, remedy);
}

function unknownTablespace(
  attempted: string,
  { from }: TablespaceWish,
  tablespaces: readonly BaseTablespace[],
): HoldfastError {
  const there = tablespaces.map(({ name, path }) => `${JSON.stringify(name)} in ${path}`);
  return new HoldfastError('ConfigurationInvalid', {
    attempted,
    cause: `the base backup has no tablespace ${JSON.stringify(from)}; it has ${there.join(', ') || 'none'}`,
    remedy: 'name a tablespace, or the folder where it was, before the = of --tablespace',
  });
}
