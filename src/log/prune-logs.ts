import type { Dirent } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseTimestamp } from '../domain/backup/names.js';
import { dayMs } from '../domain/durations.js';
import { isErrno, logsPath, refuseLink } from './logs-folder.js';

/**
 * Removes operations' logs older than `days` from the repository's `logs/`, by the time in their names; leaves
 * every other file alone.
 *
 * @throws HoldfastError `SymbolicLinkRefused` when `logs/` is a link
 * @returns names of the files removed
 */
export async function pruneLogs(
  repositoryPath: string,
  days = 90,
  now: Date = new Date(),
): Promise<string[]> {
  const folder = logsPath(repositoryPath);
  const oldest = now.getTime() - days * dayMs;
  const expired = (await entriesOf(folder)).filter((entry) => {
    const [, timestamp = ''] = /^(\d{8}_\d{6})_.+\.(?:log|json|txt)$/s.exec(entry.name) ?? [];
    const startedAt = parseTimestamp(timestamp);
    return entry.isFile() && startedAt !== undefined && startedAt.getTime() < oldest;
  });
  for (const { name } of expired) await rm(join(folder, name), { force: true });
  return expired.map(({ name }) => name).sort();
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    refuseLink(folder);
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (isErrno(error) && error.code === 'ENOENT') return [];
    throw error;
  }
}
