import { chmod, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { baseBackupId } from '../../src/domain/wal/base-backup.js';
import { proveBase } from '../../src/postgres/base/prove-base.js';
import { type TakeBaseOptions, takeBase } from '../../src/postgres/base/take-base.js';
import { type BaseRepository, baseRepository } from '../../src/repository/base/base-repository.js';
import type { FoundBase } from '../../src/repository/base/read-base-backup.js';
import type { Cluster } from './cluster.js';

export interface BackUpBaseOptions extends Partial<TakeBaseOptions> {
  runId?: string;
  /** @defaultValue 1 */
  attempt?: number;
  /** @defaultValue now */
  takenAt?: Date;
}

/** Takes a base backup of a cluster into the repository at `root`, proves and publishes it. */
export async function backUpBase(
  cluster: Cluster,
  root: string,
  { runId = 'run-1', attempt = 1, takenAt = new Date(), ...options }: BackUpBaseOptions = {},
): Promise<FoundBase> {
  const repository = baseRepository(root, 'default');
  await repository.prepare();
  const folder = await repository.createPartial(runId, attempt);
  const taken = await takeBase({ ...takeFrom(cluster, folder), runTag: runId, ...options });
  const identity = {
    id: baseBackupId(takenAt),
    cluster: 'default',
    holdfast_version: '0',
    workflow_id: 'wal-cycle/default',
    workflow_run_id: runId,
  };
  const metadata = await proveBase({ folder, taken, identity });
  await repository.publish({ attempt, metadata });
  return await repository.find(identity.id);
}

/** What `takeBase` needs of a cluster. */
export function takeFrom(cluster: Cluster, folder: string) {
  const connection = { host: cluster.socketDir, port: cluster.port, user: cluster.user };
  return { connection, cluster: 'default', folder, tools: { pgBinDir: cluster.binDir }, runTag: 'run-1' };
}

/** The names in a repository's folder of base backups. */
export async function namesIn(repository: Pick<BaseRepository, 'folder'>): Promise<string[]> {
  return (await readdir(repository.folder)).sort();
}

/** A folder of client programs whose `pg_basebackup` is a shell script, in which `$real` is the real one. */
export async function scriptedBasebackup(cluster: Cluster, folder: string, script: string): Promise<string> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder);
  for (const name of await readdir(cluster.binDir))
    if (name !== 'pg_basebackup') await symlink(join(cluster.binDir, name), join(folder, name));
  const path = join(folder, 'pg_basebackup');
  const real = join(cluster.binDir, 'pg_basebackup');
  // Asked for its version, it is the real one.
  const start = `#!/bin/sh\nreal='${real}'\n[ "$1" = --version ] && exec "$real" --version\n`;
  await writeFile(path, `${start}${script}\n`);
  await chmod(path, 0o755);
  return folder;
}
