import { lstat } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { storing } from '../../files/storage-error.js';
import { artifactNamesOf, globalsSuffix, metadataSuffix } from '../backup-files.js';
import type { Layout } from '../local/layout.js';

/** What lies in the folder of full backups. */
export async function fileNames({ full }: Layout): Promise<string[]> {
  return storing({ attempted: `list ${full}`, path: full }, () => readdir(full));
}

/** A text that changes with the files of a backup. */
export async function stampOf({ full }: Layout, id: string, names: ReadonlySet<string>): Promise<string> {
  const artifacts = artifactNamesOf(id).filter((name) => names.has(name));
  const files = [`${id}${metadataSuffix}`, ...artifacts];
  const parts = await Promise.all(files.map((file) => stampOfFile(`${full}/${file}`)));
  return [...parts, names.has(`${id}${globalsSuffix}`) ? 'globals' : ''].join(' ');
}

/** By the plain call: with promises of its own it takes twice the time, and this is all that most looks do. */
function stampOfFile(path: string): Promise<string> {
  return new Promise((resolve) => {
    lstat(path, (error, stats) => resolve(error ? 'none' : `${stats.size}@${stats.ctimeMs}`));
  });
}
