import { HoldfastError } from '../../domain/errors.js';
import type { BaseTablespace } from '../../domain/wal/base-backup.js';

/**
 * Refuses tablespaces that have no folder of their own to go to: where they lay on the server another cluster may be.
 * @throws HoldfastError `DataDirectoryRefused`
 */
export function requireMapping(
  attempted: string,
  tablespaces: readonly BaseTablespace[],
  folders: ReadonlyMap<number, string>,
  dataDir: string,
): void {
  const missing = tablespaces.filter(({ oid }) => !folders.has(oid));
  const shown = missing.map(({ oid, name, path }) => `${JSON.stringify(name)} (${oid}, was in ${path})`);
  if (missing.length > 0) {
    throw new HoldfastError('DataDirectoryRefused', {
      attempted,
      cause: `no folder was given for tablespace ${shown.join(', ')}`,
      remedy: 'give a new folder for each tablespace',
    });
  }
  const paths = [dataDir, ...folders.values()].map((path) => `${path}/`);
  if (!paths.some((path, at) => paths.some((other, index) => at !== index && path.startsWith(other)))) return;
  throw new HoldfastError('DataDirectoryRefused', {
    attempted,
    cause: `of the folders ${paths.join(', ')} one lies in another`,
    remedy: 'give each tablespace a folder of its own, outside the data directory',
  });
}

/** Oids and paths of a `tablespace_map`, in which a backslash stands before what is no end of a line. */
export function readTablespaceMap(text: string): { oid: number; path: string }[] {
  return [...text.matchAll(/^(\d+) ((?:[^\\\n\r]|\\[\s\S])*)\r?\n?/gm)].map(([, oid, path = '']) => ({
    oid: Number(oid),
    path: path.replace(/\\([\s\S])/g, '$1'),
  }));
}

/** A `tablespace_map` with other paths. */
export function writeTablespaceMap(
  spaces: readonly { oid: number; path: string }[],
  folders: ReadonlyMap<number, string>,
): string {
  const escaped = (path: string) => path.replace(/[\\\n\r]/g, '\\$&');
  return spaces.map(({ oid, path }) => `${oid} ${escaped(folders.get(oid) ?? path)}\n`).join('');
}
