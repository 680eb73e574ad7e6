import { readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { vi } from 'vitest';
import { archiveCommand } from '../../src/domain/wal/archive-command.js';
import { prepareArchive } from '../../src/repository/local/wal/prepare-archive.js';
import { type WalLayout, walLayout } from '../../src/repository/local/wal/wal-layout.js';
import { type Cluster, startCluster } from './cluster.js';
import { serverUser } from './server-user.js';

/** Bytes of a segment of {@link startArchiving}'s clusters. */
export const archivedSegmentBytes = 1024 * 1024;

/** A cluster with segments of 1 MB that archives into a repository beside it, whose name has to be quoted. */
export async function startArchiving(
  version: Cluster['version'] = 15,
): Promise<{ cluster: Cluster; layout: WalLayout }> {
  const cluster = await startCluster({
    version,
    initdbArgs: ['--wal-segsize=1'],
    settings: { archive_mode: 'on', archive_command: 'false', max_wal_size: '2GB', wal_level: 'replica' },
  });
  const layout = walLayout(join(dirname(cluster.dataDir), `it's a backup`));
  const { uid = process.getuid?.() ?? 0, gid = process.getgid?.() ?? 0 } = serverUser();
  await prepareArchive(layout, layout.root, { uid, gid, name: 'the server’s' });
  const command = archiveCommand(layout.incremental).replaceAll("'", "''");
  await cluster.psql(`ALTER SYSTEM SET archive_command = '${command}'`);
  await cluster.psql('SELECT pg_reload_conf()');
  return { cluster, layout };
}

/** Waits until the server has nothing left to archive. */
export async function drained({ dataDir }: Cluster): Promise<void> {
  const ready = async () => {
    const names = await readdir(join(dataDir, 'pg_wal', 'archive_status'));
    return names.filter((name) => name.endsWith('.ready')).length;
  };
  await vi.waitUntil(async () => (await ready()) === 0, { timeout: 120_000, interval: 100 });
}

/** Stops the cluster and makes it begin another timeline, as after a failover. */
export async function promote(cluster: Cluster): Promise<void> {
  await cluster.stop();
  await writeFile(join(cluster.dataDir, 'standby.signal'), '');
  await cluster.start();
  await cluster.psql('SELECT pg_promote()');
}
