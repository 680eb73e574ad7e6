import { createHash } from 'node:crypto';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { BackupMetadata, BackupSummary, CoreMetadata } from '../../../src/domain/backup/metadata.js';
import { database, patiently, type Running, type Scene } from './scene.js';
import { rows } from './stage.js';

/** Makes the target tell itself apart from its backup: it has a table more. */
export async function changeTarget({ cluster }: Scene): Promise<void> {
  await cluster.psql('CREATE TABLE IF NOT EXISTS since_the_backup ()', database);
}

/** What database `shop` is: the one of the backup, whole, or the one that was changed since. */
export async function targetIs({ cluster }: Scene): Promise<string> {
  const said = await cluster.psql(
    "SELECT count(*), to_regclass('since_the_backup') IS NULL FROM trades",
    database,
  );
  if (said === `${rows}|t`) return 'the backup';
  return said === `${rows}|f` ? 'changed since' : said;
}

/** Databases of the server besides the target, its previous ones and PostgreSQL's own. */
export async function strayDatabases({ cluster }: Scene): Promise<string> {
  return cluster.psql(
    `SELECT datname FROM pg_database WHERE NOT datistemplate
     AND datname NOT IN ('postgres', '${database}') AND NOT starts_with(datname, '${database}__before_')`,
  );
}

/** The backup that the scene's repository began with. */
export async function olderBackup({ place }: Scene): Promise<BackupSummary> {
  const { backups } = await place.json<{ backups: BackupSummary[] }>('list');
  const oldest = backups.at(-1);
  if (!oldest) throw new Error('there is no backup');
  return oldest;
}

/** Resolves when a restore has shown its evidence and waits for people; throws when it ended instead. */
export async function untilWaiting(restoring: Running): Promise<void> {
  const ended = restoring.end.then(({ exitCode, stderr }) => `ended with ${exitCode}: ${stderr}`);
  const printed = async () => restoring.printed().includes('waits for 1 approval');
  await Promise.race([
    expect.poll(printed, patiently).toBe(true),
    ended.then((how) => Promise.reject(new Error(how))),
  ]);
}

/** The files of a backup by their full paths. */
export function filesOf({ place }: Scene, id: string) {
  const full = join(place.backupDir, 'full');
  return { artifact: join(full, `${id}.sql.gz`), metadata: join(full, `${id}.meta`) };
}

/** A copy of a backup under an earlier time, with the nine fields that every `.meta` has. Returns its id. */
export async function copyAsOf(scene: Scene, id: string, timestamp: string): Promise<string> {
  const copy = `${database}_full_${timestamp}`;
  const [from, to] = [filesOf(scene, id), filesOf(scene, copy)];
  await copyFile(from.artifact, to.artifact);
  const { size_bytes, size_human, duration_seconds, pg_version, checksum, compression_level } = JSON.parse(
    await readFile(from.metadata, 'utf8'),
  ) as BackupMetadata;
  const core: CoreMetadata = {
    ...{ backup_file: `${copy}.sql.gz`, database, timestamp, size_bytes, size_human },
    ...{ duration_seconds, pg_version, checksum, compression_level },
  };
  await writeFile(to.metadata, JSON.stringify(core));
  return copy;
}

/** Changes the metadata of a backup as if its server had written it so: with a checksum of itself that is right. */
export async function rewriteMetadata(
  scene: Scene,
  id: string,
  change: (metadata: BackupMetadata) => void,
): Promise<void> {
  const { metadata: path } = filesOf(scene, id);
  const { metadata_checksum: _, ...fields } = JSON.parse(await readFile(path, 'utf8')) as BackupMetadata & {
    metadata_checksum: string;
  };
  change(fields);
  const metadata_checksum = createHash('sha256').update(JSON.stringify(fields)).digest('hex');
  await writeFile(path, JSON.stringify({ ...fields, metadata_checksum }));
}
