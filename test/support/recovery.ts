import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { RecoveryTarget } from '../../src/domain/recovery/target.js';
import type { BaseBackupMetadata } from '../../src/domain/wal/base-backup.js';
import { extractBase } from '../../src/postgres/recovery/extract-base.js';
import { type Postmaster, stopServer } from '../../src/postgres/recovery/postmaster.js';
import { type RecoveredCluster, type RecoverOptions, recover } from '../../src/postgres/recovery/recover.js';
import { type ServerAccount, serverAccount } from '../../src/postgres/recovery/server-account.js';
import { findServerPrograms, type ServerPrograms } from '../../src/postgres/recovery/server-programs.js';
import type { FoundBase } from '../../src/repository/base/read-base-backup.js';
import { backUpBase } from './base-backup.js';
import { type Cluster, type ClusterOptions, startCluster } from './cluster.js';
import { environmentWithoutPg } from './postgres-process.js';
import { scratchRoot } from './server-user.js';
import { giveToServer } from './template-data-dir.js';

/** A cluster that archives, a base backup of it, and room to recover it in. */
export interface RecoveryScene extends AsyncDisposable {
  cluster: Cluster;
  base: FoundBase;
  /** Repository; belongs to us. */
  root: string;
  /** Archived WAL; belongs to the server. */
  walFolder: string;
  programs: ServerPrograms;
  account: ServerAccount | undefined;
  /** Switches to a new segment and waits until the one before is archived. */
  archive(): Promise<void>;
  /** A full path in a folder that belongs to the server. */
  newDataDir(): string;
  /** Unpacks the base backup, or another, into a data directory; a new one unless given. */
  unpack(dataDir?: string, base?: FoundBase): Promise<string>;
  /** Unpacks and recovers. */
  recover(
    target: RecoveryTarget,
    more?: Partial<RecoverOptions>,
  ): Promise<RecoveredCluster & { dataDir: string }>;
}

export async function openRecoveryScene(options: ClusterOptions = {}, setup = ''): Promise<RecoveryScene> {
  const folder = await mkdtemp(join(scratchRoot(), 'hf-pitr-'));
  await chmod(folder, 0o755);
  const [walFolder, root, dataDirs] = ['wal', 'repository', 'data'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const path of [walFolder, root, dataDirs]) await mkdir(path);
  await giveToServer(walFolder, dataDirs);
  const archiveCommand = `test ! -f ${walFolder}/%f && cp %p ${walFolder}/%f.tmp && mv ${walFolder}/%f.tmp ${walFolder}/%f`;
  const settings = { archive_mode: 'on', archive_command: archiveCommand, ...options.settings };
  const cluster = await startCluster({ ...options, settings });
  await cluster.psql(`CREATE TABLE marks (mark int); ${setup}`);
  const base = await backUpBase(cluster, root);
  const programs = await findServerPrograms(cluster.version, cluster.binDir);
  const account = await serverAccount(join(dataDirs, 'x'));
  const used: string[] = [];
  const newDataDir = () => join(dataDirs, String(used.push('') - 1));
  const made: string[] = [];
  const unpack = async (dataDir = newDataDir(), from = base) => {
    made.push(dataDir);
    await extractBase({ folder: from.folder, metadata: from.metadata, dataDir, account, runId: 'run-1' });
    return dataDir;
  };
  return {
    ...{ cluster, base, root, walFolder, programs, account, newDataDir, unpack },
    async archive() {
      const last = await cluster.psql('SELECT pg_walfile_name(pg_switch_wal())');
      const done = `SELECT last_archived_wal >= '${last}' FROM pg_stat_archiver`;
      for (let tries = 0; (await cluster.psql(done)) !== 't'; tries++) {
        if (tries > 300) throw new Error(`${last} is not archived`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    async recover(target, more = {}) {
      const dataDir = more.dataDir ?? (await unpack());
      // Durability is not what these tests are about, and costs most of their time.
      const settings = { fsync: 'off', ...more.settings };
      const options = {
        programs,
        dataDir,
        base: toRecover(base.metadata),
        account,
        walFolder,
        target,
        ...more,
        settings,
      };
      return { ...(await recover(options)), dataDir };
    },
    async [Symbol.asyncDispose]() {
      for (const dataDir of made) await stopServer(dataDir);
      await cluster[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** What a recovery needs to know of a base backup. */
export function toRecover({ id, system_identifier, bootstrap_role }: BaseBackupMetadata) {
  return { id, systemIdentifier: system_identifier, bootstrapRole: bootstrap_role };
}

/** Runs SQL on a recovered server; gives its output without the last line break. */
export async function ask(
  scene: RecoveryScene,
  server: Postmaster | undefined,
  sql: string,
): Promise<string> {
  if (!server) throw new Error('no server runs');
  const env = {
    ...environmentWithoutPg(),
    ...{ PGHOST: server.socketDir, PGPORT: String(server.port), PGUSER: 'postgres' },
  };
  const args = ['-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', 'postgres', '-c', sql];
  return (await execa(join(scene.cluster.binDir, 'psql'), args, { env, extendEnv: false })).stdout;
}

/** The marks that a recovered cluster has. */
export async function marksIn(scene: RecoveryScene, { server }: RecoveredCluster): Promise<number[]> {
  const text = await ask(scene, server, 'SELECT mark FROM marks ORDER BY mark');
  return text === '' ? [] : text.split('\n').map(Number);
}
