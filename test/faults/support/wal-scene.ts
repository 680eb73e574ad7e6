import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { expect, vi } from 'vitest';
import { hostQueue } from '../../../src/domain/contracts.js';
import { type WalLayout, walLayout } from '../../../src/repository/local/wal/wal-layout.js';
import { hasLivePoller } from '../../../src/temporal/task-queues.js';
import { type Cluster, startCluster } from '../../support/cluster.js';
import { type CommandEnd, createWorkplace, holdfastPath, type Workplace } from '../../support/holdfast.js';
import { startTemporal, type TemporalServer } from '../../support/temporal.js';
import { patiently } from './scene.js';

/** A worker that runs. */
export interface WalWorker {
  /** Resolves when it has ended. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
}

/** A cluster with segments of 1 MB that archives to a repository with a base backup, and Temporal without a worker. */
export interface WalScene extends AsyncDisposable {
  readonly cluster: Cluster;
  readonly temporal: TemporalServer;
  readonly place: Workplace;
  readonly backupDir: string;
  readonly layout: WalLayout;
  /** Starts `holdfast worker` and waits until it asks for work. */
  startWorker(env?: Record<string, string>): Promise<WalWorker>;
  /** Runs `holdfast wal` as the last arguments of another program. */
  walUnder(wrapper: string[], ...options: string[]): Promise<CommandEnd>;
  /** Ids of the base backups, newest first. */
  bases(): Promise<string[]>;
  /** Has the server fill and archive that many segments; gives the names of all that the archive has uncompressed. */
  fill(segments: number): Promise<string[]>;
}

export async function openWalScene(): Promise<WalScene> {
  const cluster = await startCluster({
    initdbArgs: ['--wal-segsize=1', '--data-checksums'],
    settings: { wal_level: 'replica', archive_mode: 'on', max_wal_senders: '5' },
  });
  const temporal = await startTemporal();
  const backupDir = join(dirname(cluster.dataDir), 'backups');
  const layout = walLayout(backupDir);
  const host = `wal-faults-${process.pid}`;
  const place = await createWorkplace({
    ...{ ...cluster.env, ...temporal.env, PG_BIN_DIR: cluster.binDir, BACKUP_DIR: backupDir },
    ...{ HOLDFAST_HOST: host, STALL_TIMEOUT_SECONDS: '5' },
  });
  const scene: WalScene = {
    ...{ cluster, temporal, place, backupDir, layout },
    async startWorker(env = {}) {
      const worker = place.start(['worker'], env);
      await vi.waitUntil(() => hasLivePoller(temporal.client, hostQueue(host)), patiently);
      const end = async (signal: NodeJS.Signals) => {
        worker.kill(signal);
        await worker;
      };
      return { end };
    },
    async walUnder([file = '', ...wrapper], ...options) {
      const args = [...wrapper, process.execPath, holdfastPath, 'wal', ...options];
      const how = { cwd: place.folder, env: place.env, extendEnv: false, reject: false } as const;
      const { exitCode, stdout, stderr } = await execa(file, args, { ...how, stdin: 'ignore' });
      return { exitCode, stdout, stderr };
    },
    async bases() {
      const { clusters } = await place.json<{ clusters: { baseBackups: { id: string }[] }[] }>('info');
      return (clusters[0]?.baseBackups ?? []).map(({ id }) => id);
    },
    async fill(segments) {
      let last = '';
      for (let at = 0; at < segments; at++) {
        await cluster.psql('CREATE TABLE IF NOT EXISTS filling AS SELECT 1; DROP TABLE filling');
        last = await cluster.psql('SELECT pg_walfile_name(pg_switch_wal())');
      }
      await vi.waitUntil(async () => (await readdir(layout.wal)).includes(last), patiently);
      return (await readdir(layout.wal)).filter((name) => /^[0-9A-F]{24}$/.test(name)).sort();
    },
    async [Symbol.asyncDispose]() {
      await place[Symbol.asyncDispose]();
      await temporal[Symbol.asyncDispose]();
      await cluster[Symbol.asyncDispose]();
    },
  };
  expect(await place.run('wal', 'setup', '--apply')).toMatchObject({ exitCode: 0 });
  expect(await place.run('wal')).toMatchObject({ exitCode: 0 });
  return scene;
}

/** SHA-256 of every file of the base backups that are published. */
export async function baseDigests({ layout }: WalScene): Promise<Record<string, string>> {
  const folders = (await readdir(layout.incremental)).filter((name) => name.startsWith('base_')).sort();
  const digests: Record<string, string> = {};
  for (const folder of folders)
    for (const name of (await readdir(join(layout.incremental, folder))).sort()) {
      const bytes = await readFile(join(layout.incremental, folder, name));
      digests[join(folder, name)] = createHash('sha256').update(bytes).digest('hex');
    }
  return digests;
}

/** Partial names in the folder of base backups and in the archive. */
export async function partials({ layout }: WalScene): Promise<string[]> {
  const names = [...(await readdir(layout.incremental)), ...(await readdir(layout.wal))];
  return [...names.filter((name) => name.startsWith('.partial-')), ...(await readdir(layout.partials))];
}
