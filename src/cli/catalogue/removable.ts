import { basename, dirname, join } from 'node:path';
import type { ClusterConfig } from '../../config/config.js';
import { lastToGo } from '../../domain/backup/retention.js';
import { HoldfastError } from '../../domain/errors.js';
import { parseBaseBackupId } from '../../domain/wal/base-backup.js';
import { baseRepository } from '../../repository/base/base-repository.js';
import { openRepository } from '../../repository/open-repository.js';
import type { Repository, StoredFile } from '../../repository/repository.js';
import { idOfOwn } from './own-backup.js';

/** One backup, full or base, that a person wants removed. */
export interface Removable {
  id: string;
  files(): Promise<StoredFile[]>;
  /** Why it may not go at this moment. */
  refusal(mayBeNewest: boolean): Promise<HoldfastError | undefined>;
  /** False: it is gone already. @throws HoldfastError that refusal */
  remove(): Promise<boolean>;
}

/** The backup that is meant. @throws HoldfastError as {@link idOfOwn}, and as `BaseRepository.find` */
export function removable(
  cluster: ClusterConfig,
  reference: string,
  database: string | undefined,
): Promise<Removable> {
  const id = basename(reference);
  const folders = ['.', 'incremental', join(cluster.repositoryPath, 'incremental')];
  return parseBaseBackupId(id) && folders.includes(dirname(reference))
    ? removableBase(cluster, id)
    : removableFull(openRepository(cluster), reference, database);
}

async function removableFull(repository: Repository, reference: string, database: string | undefined) {
  const withBase = 'name it by its id, as `holdfast info` shows it';
  const id = await idOfOwn(repository, { verb: 'remove', withBase }, reference, database);
  return {
    id,
    files: () => repository.filesOf(id),
    refusal: async (mayBeNewest: boolean) =>
      (await repository.removalRefusal(id)) ?? (mayBeNewest ? undefined : newestRefusal(repository, id)),
    remove: () => repository.remove(id),
  };
}

/** Why it must not go, where it is the one that retention never removes. */
async function newestRefusal(repository: Repository, id: string): Promise<HoldfastError | undefined> {
  const { backups } = await repository.list();
  const wanted = backups.find((backup) => backup.id === id);
  const ofDatabase = backups.filter(
    ({ cluster, database }) => cluster === wanted?.cluster && database === wanted.database,
  );
  if (!wanted || lastToGo(ofDatabase, new Date()) !== wanted) return undefined;
  const of = `of database ${JSON.stringify(wanted.database)}`;
  const cause =
    wanted.verifiedAt === null
      ? `it is the newest ${of}, which has no verified backup`
      : `it is the newest verified backup ${of}`;
  return refused(id, cause, 'back that up first; or add --newest, if it is to go all the same');
}

async function removableBase({ repositoryPath, name }: ClusterConfig, id: string): Promise<Removable> {
  const bases = baseRepository(repositoryPath, name);
  if (!(await bases.filesOf(id))) await bases.find(id);
  return {
    id,
    files: async () => (await bases.filesOf(id)) ?? [],
    refusal: async (mayBeNewest) => {
      const read = await bases.removalRefusal(id);
      const listed = (await bases.list()).bases;
      const wanted = listed.find((base) => base.id === id);
      const [newest] = listed.filter((base) => base.systemIdentifier === wanted?.systemIdentifier);
      if (read || mayBeNewest || !wanted || newest !== wanted) return read;
      const cause = 'it is the newest base backup of its cluster, on which the WAL since rests';
      const remedy =
        'take another first with `holdfast wal --base`; or add --newest, if it is to go all the same';
      return refused(id, cause, remedy);
    },
    remove: () => bases.remove(id),
  };
}

export function refused(id: string, cause: string, remedy: string): HoldfastError {
  return new HoldfastError('RemovalRefused', { attempted: `remove backup ${id}`, cause, remedy });
}
