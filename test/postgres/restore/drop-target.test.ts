import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dropTarget, settleDrop } from '../../../src/postgres/restore/drop-target.js';
import { type Cluster, startCluster } from '../../support/cluster.js';
import { contentOf, createWith, databasesOf, prepareSwap, settings } from './swap-support.js';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster({ settings: { max_prepared_transactions: '5' } });
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

/** A target and its staging database, and the order to drop the target. */
async function prepareDrop(name: string) {
  const { target, staging } = await prepareSwap(cluster, name);
  if (target.oid === null) throw new Error('there is no target');
  return { target: { ...target, oid: target.oid }, staging, runId: 'run-1' };
}

test('the target is dropped with the sessions in it, and dropping it again finds it dropped', async () => {
  const order = await prepareDrop('gone');
  const client = new pg.Client({ ...settings(cluster), database: 'gone' });
  client.on('error', () => {});
  await client.connect();
  expect(await dropTarget(settings(cluster), order)).toBe(1);
  expect(await databasesOf(cluster)).not.toHaveProperty('gone');
  expect(await databasesOf(cluster)).toHaveProperty(order.staging.name);
  expect(await dropTarget(settings(cluster), order)).toBe(0);
  expect(await settleDrop(settings(cluster), order)).toBe('dropped');
});

test('a target that is another database than was approved, or whose staging is gone, is not dropped', async () => {
  const order = await prepareDrop('other');
  const stranger = { ...order, target: { ...order.target, oid: order.target.oid + 100_000 } };
  await expect(dropTarget(settings(cluster), stranger)).rejects.toMatchObject({ type: 'SwapRefused' });
  const unstaged = { ...order, staging: { ...order.staging, oid: order.staging.oid + 100_000 } };
  await expect(dropTarget(settings(cluster), unstaged)).rejects.toMatchObject({ type: 'SwapRefused' });
  expect(await contentOf(cluster, 'other')).toBe('old');
});

test('a database that took the name of the dropped target stays', async () => {
  const order = await prepareDrop('taken');
  await dropTarget(settings(cluster), order);
  await createWith(cluster, 'taken', 'somebody’s');
  await expect(dropTarget(settings(cluster), order)).rejects.toMatchObject({ type: 'SwapRefused' });
  expect(await contentOf(cluster, 'taken')).toBe('somebody’s');
});

test('what stands against the drop refuses it, and clients get in as before', async () => {
  const order = await prepareDrop('held');
  await cluster.psql("BEGIN; CREATE TABLE t (); PREPARE TRANSACTION 'held'", 'held');
  await expect(dropTarget(settings(cluster), order)).rejects.toMatchObject({
    type: 'SwapRefused',
    message: expect.stringContaining('prepared transaction'),
  });
  expect(await contentOf(cluster, 'held')).toBe('old');
});

test('after a crash between refusing clients and dropping, they are let in again or the drop goes on', async () => {
  const order = await prepareDrop('halfway');
  await cluster.psql('ALTER DATABASE halfway ALLOW_CONNECTIONS false IS_TEMPLATE false');
  expect(await settleDrop(settings(cluster), order)).toBe('kept');
  expect(await contentOf(cluster, 'halfway')).toBe('old');
  await cluster.psql('ALTER DATABASE halfway ALLOW_CONNECTIONS false');
  await dropTarget(settings(cluster), order);
  expect(await databasesOf(cluster)).not.toHaveProperty('halfway');
});

test('a template of the site’s own is dropped too, and clients that come back at once can’t stop it', async () => {
  const order = await prepareDrop('busy');
  await cluster.psql('ALTER DATABASE busy IS_TEMPLATE true');
  let isOver = false;
  const hammering = (async () => {
    while (!isOver) {
      await contentOf(cluster, 'busy').catch(() => {});
      await delay(1);
    }
  })();
  await dropTarget(settings(cluster), order);
  isOver = true;
  await hammering;
  expect(await databasesOf(cluster)).not.toHaveProperty('busy');
});
