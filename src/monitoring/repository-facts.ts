import { HoldfastError } from '../domain/errors.js';
import type { RepositoryFacts } from '../domain/health/facts.js';
import { isFolder } from '../files/real-file.js';
import { layoutOf } from '../repository/local/layout.js';
import { walLayout } from '../repository/local/wal/wal-layout.js';
import type { KnownPlace } from './known-place.js';

/** Whether a cluster's repository is there, and the one that was there before. */
export async function repositoryFacts(
  path: string,
  cluster: string,
  known: KnownPlace,
): Promise<RepositoryFacts> {
  try {
    return { path, ...(await lookAt(path, cluster, known)) };
  } catch (error) {
    return { path, ...unreadable(error) };
  }
}

type Sight = Omit<RepositoryFacts, 'path'>;

const mount = 'mount its disk, or correct BACKUP_DIR';

async function lookAt(root: string, cluster: string, known: KnownPlace): Promise<Sight> {
  if (!(await isFolder(root))) return { state: 'absent', why: 'there is no such folder', remedy: mount };
  const folders = [layoutOf(root, cluster).full, walLayout(root).incremental];
  const there = await Promise.all(folders.map(isFolder));
  if (!there.includes(true)) {
    const why = 'it holds no repository: neither full/ nor incremental/ is in it';
    return {
      state: 'absent',
      why,
      remedy: `${mount}; \`holdfast backup\` makes a repository where there is none`,
    };
  }
  if (await known.isSame(root)) return { state: 'present', why: '', remedy: '' };
  return {
    state: 'other',
    why: 'it is not the repository that was seen there before: its mark .holdfast-repository.json is missing or another',
    remedy: `${mount}; if this is the repository from now on, remove ${known.path}`,
  };
}

/** What kept us from looking into the repository. */
export function unreadable(error: unknown): Sight {
  const why = error instanceof HoldfastError ? error.message : String(error);
  const remedy =
    (error instanceof HoldfastError && error.remedy) || 'look at the disk, and at who may read the folder';
  return { state: 'unreadable', why, remedy };
}
