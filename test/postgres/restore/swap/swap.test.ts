import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HoldfastError } from '../../../../src/domain/errors.js';
import { quoteIdentifier } from '../../../../src/postgres/quote.js';
import { dropMarkedDatabase } from '../../../../src/postgres/restore/swap/drop-database.js';
import { readTargetBlockers } from '../../../../src/postgres/restore/swap/exchange-blockers.js';
import { finishOrUndoSwap, swapBlockers, swapDatabases } from '../../../../src/postgres/restore/swap/swap.js';
import { undoSwap } from '../../../../src/postgres/restore/swap/undo-swap.js';
import { type Cluster, startCluster } from '../../../support/cluster.js';
import { postgresVersions } from '../../../support/postgresql-binaries.js';
import { hostileNames } from '../../hostile-names.js';
import { Hammer } from '../hammer.js';
import {
  commentOf,
  contentOf,
  createWith,
  databasesOf,
  oidOf,
  prepareSwap,
  settings,
  undoOrder,
} from './swap-support.js';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster({ settings: { wal_level: 'logical', max_prepared_transactions: '5' } });
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

test.for(postgresVersions)(
  'X4 PostgreSQL %i: clients that reconnect in a loop reach the old database before the swap, the new one after',
  async (version) => {
    await using own = await startCluster({ version, settings: { max_connections: '150' } });
    const order = await prepareSwap(own);
    const hammer = new Hammer(own, 'shop', 100);
    await hammer.everyClientReads('old');
    const result = await swapDatabases(settings(own), order);
    await hammer.everyClientReads('new');
    await undoSwap(settings(own), undoOrder(order));
    await hammer.everyClientReads('old');
    const { perClient, refusals } = await hammer.stop();
    for (const contents of perClient) {
      const changes = contents.filter((content, index) => content !== contents[index - 1]);
      expect(changes).toEqual(['old', 'new', 'old']);
    }
    // Not taking connections, renamed while connecting, ended by an administrator: nothing else is met.
    expect(['55000', '3D000', '57P01']).toEqual(expect.arrayContaining([...refusals.keys()]));
    expect(result.refusedMs).toBeGreaterThan(0);
  },
);

test('after a swap the target’s name leads to the restored database, and the previous one takes no connections', async () => {
  const order = await prepareSwap(cluster, 'plain');
  const reader = new pg.Client({ ...settings(cluster), database: 'plain' });
  const ended = new Promise<Error & { code?: string }>((resolve) => reader.on('error', resolve));
  await reader.connect();
  const result = await swapDatabases(settings(cluster), order);
  expect((await ended).code).toBe('57P01');
  expect(result).toMatchObject({ endedSessions: 1, attempts: 1 });
  expect(await contentOf(cluster, 'plain')).toBe('new');
  expect(await commentOf(cluster, 'plain')).toBe('the new shop');
  expect(await databasesOf(cluster)).toMatchObject({ plain: true, [order.previousName]: false });
  expect(await databasesOf(cluster)).not.toHaveProperty(order.staging.name);
  await expect(contentOf(cluster, order.previousName)).rejects.toMatchObject({ code: '55000' });
});

test('a swap that is done is found done, however often it is asked for', async () => {
  const order = await prepareSwap(cluster, 'again');
  await swapDatabases(settings(cluster), order);
  expect(await swapDatabases(settings(cluster), order)).toEqual({
    refusedMs: null,
    endedSessions: 0,
    attempts: 0,
  });
  expect(await finishOrUndoSwap(settings(cluster), order)).toBe('done');
  expect(await contentOf(cluster, 'again')).toBe('new');
});

test('RS-9 a target that does not exist comes into being by the swap', async () => {
  const order = await prepareSwap(cluster, 'fresh', { isNew: true });
  await swapDatabases(settings(cluster), order);
  expect(await contentOf(cluster, 'fresh')).toBe('new');
  expect(await databasesOf(cluster)).not.toHaveProperty(order.previousName);
});

test('a target that came into being meanwhile is not replaced', async () => {
  const order = await prepareSwap(cluster, 'meanwhile', { isNew: true });
  await createWith(cluster, 'meanwhile', 'somebody’s');
  const refused = swapDatabases(settings(cluster), order);
  await expect(refused).rejects.toMatchObject({ type: 'SwapRefused' });
  await expect(refused).rejects.toThrow(/"meanwhile" is another database, oid \d+/);
  expect(await contentOf(cluster, 'meanwhile')).toBe('somebody’s');
});

test('a target that was replaced after the approval is not the one that was approved', async () => {
  const order = await prepareSwap(cluster, 'replaced');
  await cluster.psql('ALTER DATABASE replaced RENAME TO elsewhere');
  await createWith(cluster, 'replaced', 'another');
  await expect(swapDatabases(settings(cluster), order)).rejects.toMatchObject({ type: 'SwapRefused' });
  expect(await contentOf(cluster, 'replaced')).toBe('another');
  expect(await databasesOf(cluster)).toMatchObject({ replaced: true, elsewhere: true });
});

test('a staging database without the mark is not swapped in', async () => {
  const order = await prepareSwap(cluster, 'unmarked');
  await cluster.psql(`COMMENT ON DATABASE ${quoteIdentifier(order.staging.name)} IS 'mine'`);
  await expect(swapDatabases(settings(cluster), order)).rejects.toThrow(
    /has not Holdfast’s mark of a staging/,
  );
  expect(await contentOf(cluster, 'unmarked')).toBe('old');
});

test('a target whose DROP DATABASE was cut short can’t be swapped, which is told before it is tried', async () => {
  const order = await prepareSwap(cluster, 'invalid');
  await cluster.psql(`UPDATE pg_database SET datconnlimit = -2 WHERE oid = ${order.target.oid}`);
  expect(await swapBlockers(settings(cluster), order)).toEqual([
    'database "invalid" is invalid, since a DROP DATABASE of it was cut short: drop it',
  ]);
});

test.for([
  [
    'a prepared transaction',
    "BEGIN; CREATE TABLE t (); PREPARE TRANSACTION 'two'",
    /prepared transaction "two"/,
  ],
  [
    'a logical replication slot',
    "SELECT pg_create_logical_replication_slot('place', 'pgoutput')",
    /logical replication slot "place"/,
  ],
  [
    'a subscription',
    "CREATE SUBSCRIPTION feed CONNECTION 'host=/nowhere' PUBLICATION p WITH (connect = false)",
    /subscription "feed"/,
  ],
] as const)(
  '%s in the target is a reason against the swap, and the target serves on',
  async ([what, sql, words]) => {
    const name = what.replaceAll(' ', '_');
    const order = await prepareSwap(cluster, name);
    await cluster.psql(sql, name);
    expect(await swapBlockers(settings(cluster), order)).toEqual([expect.stringMatching(words)]);
    await expect(swapDatabases(settings(cluster), order)).rejects.toMatchObject({ type: 'SwapRefused' });
    expect(await contentOf(cluster, name)).toBe('old');
    // It would keep a replication slot from being created.
    if (what === 'a prepared transaction') await cluster.psql("ROLLBACK PREPARED 'two'", name);
  },
);

test('a subscription as a dump makes it comes in with the swap, and keeps no database from being dropped', async () => {
  const order = await prepareSwap(cluster, 'subscribed');
  const create = "CREATE SUBSCRIPTION feed CONNECTION 'host=/nowhere' PUBLICATION p WITH (connect = false)";
  await cluster.psql(`${create}; ALTER SUBSCRIPTION feed SET (slot_name = NONE)`, 'subscribed');
  await cluster.psql(create, order.staging.name);
  await swapDatabases(settings(cluster), order);
  expect(await contentOf(cluster, 'subscribed')).toBe('new');
  expect(await cluster.psql('SELECT subname, subslotname FROM pg_subscription', 'subscribed')).toContain(
    'feed|feed',
  );
  const replaced = { name: order.previousName, oid: order.target.oid ?? 0, target: 'subscribed' };
  expect(await dropMarkedDatabase(settings(cluster), { ...replaced, mark: 'previous' })).toBe(true);
  const second = await prepareSwap(cluster, 'subscribed_2');
  await cluster.psql(create, second.staging.name);
  const staging = { ...second.staging, target: 'subscribed_2', mark: 'staging' } as const;
  expect(await dropMarkedDatabase(settings(cluster), staging)).toBe(true);
});

test('a role that may not rename the databases is told so before clients are refused', async () => {
  const order = await prepareSwap(cluster, 'forbidden');
  await cluster.psql('CREATE ROLE clerk LOGIN');
  const asClerk = { ...settings(cluster), user: 'clerk' };
  expect(await swapBlockers(asClerk, order)).toEqual([
    expect.stringMatching(/role "clerk" may not rename/),
    expect.stringMatching(/role "clerk" may not rename/),
  ]);
  expect(await databasesOf(cluster)).toMatchObject({ forbidden: true });
});

test('a lock on the target that is not let go ends the attempt, and clients are let in again', async () => {
  const order = await prepareSwap(cluster, 'locked');
  const holder = new pg.Client({ ...settings(cluster), database: 'postgres' });
  await holder.connect();
  await holder.query("BEGIN; COMMENT ON DATABASE locked IS 'held'");
  const blocked = await swapDatabases(settings(cluster), order, { patienceMs: 1 }).catch(
    (error: unknown) => error,
  );
  expect(blocked).toBeInstanceOf(HoldfastError);
  expect(blocked).toMatchObject({ type: 'DatabaseInUse', retryable: true });
  expect(await contentOf(cluster, 'locked')).toBe('old');
  await holder.query('ROLLBACK');
  await holder.end();
  await swapDatabases(settings(cluster), order);
  expect(await contentOf(cluster, 'locked')).toBe('new');
});

test('an earlier attempt of the same run that is still at it is ended; another run is left alone', async () => {
  const order = await prepareSwap(cluster, 'contended');
  const lock = "SELECT pg_advisory_lock(hashtextextended('holdfast swap contended', 0))";
  const other = await holding(lock, 'holdfast swap-run-2');
  await expect(swapDatabases(settings(cluster), order)).rejects.toMatchObject({ type: 'AlreadyRunning' });
  await other.end();
  const zombie = await holding(lock, 'holdfast swap-run-1');
  await swapDatabases(settings(cluster), order);
  await expect(zombie.query('SELECT 1')).rejects.toThrow();
  expect(await contentOf(cluster, 'contended')).toBe('new');
});

test('a cancelled swap changes nothing', async () => {
  const order = await prepareSwap(cluster, 'cancelled');
  const swapped = swapDatabases(settings(cluster), order, { signal: AbortSignal.abort() });
  await expect(swapped).rejects.toMatchObject({ type: 'Cancelled' });
  expect(await databasesOf(cluster)).toMatchObject({ cancelled: true });
});

test('a target that took no connections takes none after a swap that failed', async () => {
  const order = await prepareSwap(cluster, 'fenced');
  await cluster.psql('ALTER DATABASE fenced ALLOW_CONNECTIONS false');
  const fenced = { ...order, target: { ...order.target, acceptsConnections: false } };
  expect(await finishOrUndoSwap(settings(cluster), fenced)).toBe('undone');
  expect(await databasesOf(cluster)).toMatchObject({ fenced: false });
});

test('I1 databases of any name are swapped and swapped back', async () => {
  await using own = await startCluster();
  for (const name of [...hostileNames, 'postgres']) {
    if (name === 'postgres') await own.psql('DROP DATABASE postgres', 'template1');
    const order = await prepareSwap(own, name);
    await swapDatabases(settings(own), order);
    expect(await contentOf(own, name), name).toBe('new');
    await undoSwap(settings(own), undoOrder(order));
    expect(await contentOf(own, name), name).toBe('old');
    expect(await oidOf(own, name), name).toBe(order.target.oid);
  }
});

async function holding(lock: string, application_name: string): Promise<pg.Client> {
  const client = new pg.Client({ ...settings(cluster), database: 'postgres', application_name });
  client.on('error', () => {});
  await client.connect();
  await client.query(lock);
  return client;
}

test('a standby is told as one before anything is made, whether the target exists or not', async () => {
  await using own = await startCluster();
  await own.psql('CREATE DATABASE shop');
  const oid = Number(await own.psql("SELECT oid FROM pg_database WHERE datname = 'shop'"));
  await own.stop();
  await writeFile(join(own.dataDir, 'standby.signal'), '');
  await own.start();
  for (const target of [
    { name: 'shop', oid },
    { name: 'shop2', oid: null },
  ])
    expect(await readTargetBlockers(settings(own), target, { passing: false })).toEqual([
      'the server is a standby',
    ]);
});
