import { readdirSync } from 'node:fs';
import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { withMaintenanceConnection } from '../../../src/postgres/connection/connection.js';
import { findReplicationTool } from '../../../src/postgres/program/client-tools.js';
import { inspectStreaming, readSlots } from '../../../src/postgres/streaming/inspect-streaming.js';
import { requireStreaming } from '../../../src/postgres/streaming/require-streaming.js';
import { ensureSlot } from '../../../src/postgres/streaming/slot.js';
import { streamWal } from '../../../src/postgres/streaming/stream-wal.js';
import type { StreamWords } from '../../../src/postgres/streaming/stream-watch.js';
import { prepareStream } from '../../../src/repository/local/wal/prepare-stream.js';
import { type WalLayout, walLayout } from '../../../src/repository/local/wal/wal-layout.js';
import { scratchFolder } from '../../repository/support/scratch.js';
import { type Cluster, type ClusterOptions, startCluster } from '../../support/cluster.js';
import { patience } from '../../support/patience.js';

const slot = 'holdfast_test';

interface Stream {
  layout: WalLayout;
  heard: StreamWords[];
  steps: string[];
  /** Why it ended. */
  end: Promise<{ type?: string; message: string }>;
  stop(): Promise<unknown>;
}

const settingsOf = ({ socketDir, port }: Cluster) => ({ host: socketDir, port, user: 'postgres' });

/** Streams from a cluster into a folder, until it is stopped or fails. */
async function stream(
  cluster: Cluster,
  layout = walLayout(scratchFolder()),
  prepareSlot: typeof ensureSlot = ensureSlot,
): Promise<Stream> {
  const connection = settingsOf(cluster);
  const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, name: 'us' };
  await prepareStream(layout, layout.root, own);
  const facts = await withMaintenanceConnection(connection, async (client) => {
    await prepareSlot(client, slot);
    return inspectStreaming(client);
  });
  const { path } = await findReplicationTool('pg_receivewal', facts.serverMajor, {
    pgBinDir: cluster.binDir,
  });
  const abort = new AbortController();
  const [heard, steps]: [StreamWords[], string[]] = [[], []];
  const end = streamWal({
    ...{
      cluster: 'default',
      connection,
      program: path,
      layout,
      slot,
      runTag: 'test-stream',
      lookEveryMs: 100,
    },
    ...{ systemIdentifier: facts.systemIdentifier, segmentSizeBytes: facts.segmentSizeBytes },
    signal: abort.signal,
    onAlive: (words) => heard.push(words),
    onStep: (words) => steps.push(words),
  }).catch((error: { type?: string; message: string }) => error);
  const stop = () => {
    abort.abort();
    return end;
  };
  let isOver = false;
  void end.then(() => {
    isOver = true;
  });
  // In an empty folder a receiver of PostgreSQL 14 begins with what is written from then on.
  const isActive = 'SELECT coalesce(bool_or(active), false) FROM pg_replication_slots';
  await vi.waitUntil(async () => isOver || (await cluster.psql(isActive)) === 't', patience);
  return { layout, heard, steps, end, stop };
}

const small: ClusterOptions = {
  initdbArgs: ['--wal-segsize=1'],
  settings: { min_wal_size: '2MB', max_wal_size: '2MB', max_wal_senders: '3', max_replication_slots: '2' },
};

const streamedBytes = (cluster: Cluster) =>
  cluster.psql('SELECT pg_current_wal_flush_lsn() <= restart_lsn FROM pg_replication_slots');
const published = ({ wal }: WalLayout) => readdirSync(wal).filter((name) => /^[0-9A-F]{24}$/.test(name));

/** Completes a segment, and waits for it in the archive. */
async function complete(cluster: Cluster, layout: WalLayout): Promise<string> {
  await cluster.psql('CREATE TABLE IF NOT EXISTS t (i int); INSERT INTO t VALUES (1)');
  const name = await cluster.psql('SELECT pg_walfile_name(pg_switch_wal())');
  await cluster.psql('INSERT INTO t VALUES (2)');
  await vi.waitUntil(() => published(layout).includes(name), patience);
  return name;
}

test.each([14, 16, 17, 18] as const)(
  'PostgreSQL %d is streamed, through a crash; then a lost slot is told',
  async (version) => {
    await using cluster = await startCluster({ ...small, version });
    const { layout, heard, steps, stop } = await stream(cluster);
    const first = await complete(cluster, layout);
    await vi.waitUntil(async () => (await streamedBytes(cluster)) === 't', patience);
    await cluster.stop('immediate');
    await vi.waitUntil(() => heard.at(-1)?.doing.startsWith('waiting for the server'), patience);
    await cluster.start();
    const second = await complete(cluster, layout);
    expect(second > first).toBe(true);
    expect(heard.some(({ doing }) => doing.includes('nothing is missing'))).toBe(true);
    expect(steps.join('\n')).toMatch(/begun anew, since: /);
    // The newest file stays, by which the receiver finds where to go on; what is published besides is gone.
    await vi.waitUntil(() => readdirSync(layout.stream).length === 2, patience);
    expect(readdirSync(layout.stream)).toEqual([expect.stringMatching(/\.partial$/), 'broken-off']);

    await stop();
    await cluster.psql("ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'");
    await cluster.psql('SELECT pg_reload_conf()');
    const lost = "SELECT wal_status = 'lost' FROM pg_replication_slots";
    while ((await cluster.psql(lost)) !== 't') {
      await cluster.psql('INSERT INTO t VALUES (1)');
      await cluster.psql('SELECT pg_switch_wal()');
      await cluster.psql('CHECKPOINT');
    }
    const next = await stream(cluster, layout, async () => undefined);
    expect(await next.end).toMatchObject({ type: 'SlotLost' });
    expect(readdirSync(layout.brokenOff)).toEqual([expect.stringMatching(/\.partial$/)]);
    await withMaintenanceConnection(settingsOf(cluster), async (client) => {
      expect(await readSlots(client)).toMatchObject([{ name: slot, walStatus: 'reserved' }]);
    });
  },
);

test('a stream that is stopped leaves no receiver, and the next one goes on where it was', async () => {
  await using cluster = await startCluster(small);
  const one = await stream(cluster);
  const first = await complete(cluster, one.layout);
  expect(await one.stop()).toMatchObject({ type: 'Cancelled' });
  // The server notices a little later that its receiver is gone.
  await expect.poll(() => cluster.psql('SELECT active FROM pg_replication_slots')).toBe('f');
  const two = await stream(cluster, one.layout);
  // One beside it, as of a worker that was thought dead, is ended, and ends the other in turn.
  const second = await complete(cluster, one.layout);
  expect(published(one.layout)).toEqual(expect.arrayContaining([first, second]));
  await two.stop();
});

test('a server that lets nobody stream, or has no room for it, is told as that', async () => {
  await using cluster = await startCluster(small);
  const attempted = 'stream';
  const inspect = () => withMaintenanceConnection(settingsOf(cluster), inspectStreaming);
  const facts = await inspect();
  requireStreaming(attempted, facts, slot);
  await cluster.psql(
    "SELECT pg_create_physical_replication_slot('a'), pg_create_physical_replication_slot('b')",
  );
  expect(() => requireStreaming(attempted, { ...facts, usedSlots: 2 }, slot)).toThrow(
    'max_replication_slots is 2',
  );
  expect((await inspect()).usedSlots).toBe(2);
  expect(() => requireStreaming(attempted, { ...facts, usedWalSenders: 3 }, slot)).toThrow(
    'max_wal_senders is 3',
  );
  expect(() => requireStreaming(attempted, { ...facts, walLevel: 'minimal' }, slot)).toThrow(
    'wal_level is minimal',
  );
  await cluster.psql("SELECT pg_drop_replication_slot('a')");
  await writeFile(join(cluster.dataDir, 'pg_hba.conf'), 'local all all trust\n');
  await cluster.psql('SELECT pg_reload_conf()');
  const { end } = await stream(cluster);
  expect(await end).toMatchObject({
    type: 'AuthenticationFailed',
    message: expect.stringContaining('no pg_hba.conf entry for replication connection'),
  });
});

test('programs without pg_receivewal are told, with what to install', async () => {
  await using cluster = await startCluster(small);
  const folder = scratchFolder();
  await symlink(join(cluster.binDir, 'pg_dump'), join(folder, 'pg_dump'));
  await expect(findReplicationTool('pg_receivewal', 15, { pgBinDir: folder })).rejects.toMatchObject({
    type: 'ToolMissing',
    message: expect.stringContaining('pg_receivewal'),
  });
});
