import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dropTarget, settleDrop } from '../../../../src/postgres/restore/swap/drop-target.js';
import { type Cluster, startCluster } from '../../../support/cluster.js';
import { contentOf, createWith, databasesOf, prepareDrop, settings } from './swap-support.js';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster({ settings: { max_prepared_transactions: '5' } });
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

test('the target is dropped with the sessions in it, and dropping it again finds it dropped', async () => {
  const order = await prepareDrop(cluster, 'gone');
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
  const order = await prepareDrop(cluster, 'other');
  const stranger = { ...order, target: { ...order.target, oid: order.target.oid + 100_000 } };
  await expect(dropTarget(settings(cluster), stranger)).rejects.toMatchObject({ type: 'SwapRefused' });
  const unstaged = { ...order, staging: { ...order.staging, oid: order.staging.oid + 100_000 } };
  await expect(dropTarget(settings(cluster), unstaged)).rejects.toMatchObject({ type: 'SwapRefused' });
  expect(await contentOf(cluster, 'other')).toBe('old');
});

test('a database that took the name of the dropped target stays', async () => {
  const order = await prepareDrop(cluster, 'taken');
  await dropTarget(settings(cluster), order);
  await createWith(cluster, 'taken', 'somebody’s');
  await expect(dropTarget(settings(cluster), order)).rejects.toMatchObject({ type: 'SwapRefused' });
  expect(await contentOf(cluster, 'taken')).toBe('somebody’s');
});

test('what stands against the drop refuses it, and clients get in as before', async () => {
  const order = await prepareDrop(cluster, 'held');
  await cluster.psql("BEGIN; CREATE TABLE t (); PREPARE TRANSACTION 'held'", 'held');
  await expect(dropTarget(settings(cluster), order)).rejects.toMatchObject({
    type: 'SwapRefused',
    message: expect.stringContaining('prepared transaction'),
  });
  expect(await contentOf(cluster, 'held')).toBe('old');
});

test('after a crash between refusing clients and dropping, they are let in again or the drop goes on', async () => {
  const order = await prepareDrop(cluster, 'halfway');
  await cluster.psql('ALTER DATABASE halfway ALLOW_CONNECTIONS false IS_TEMPLATE false');
  expect(await settleDrop(settings(cluster), order)).toBe('kept');
  expect(await contentOf(cluster, 'halfway')).toBe('old');
  await cluster.psql('ALTER DATABASE halfway ALLOW_CONNECTIONS false');
  await dropTarget(settings(cluster), order);
  expect(await databasesOf(cluster)).not.toHaveProperty('halfway');
});

test('a template that could not be dropped is one again', async () => {
  const order = await prepareDrop(cluster, 'model');
  const template = { ...order, target: { ...order.target, isTemplate: true } };
  await cluster.psql('ALTER DATABASE model ALLOW_CONNECTIONS false IS_TEMPLATE false');
  expect(await settleDrop(settings(cluster), template)).toBe('kept');
  const asked = "SELECT datistemplate, datallowconn FROM pg_database WHERE datname = 'model'";
  expect(await cluster.psql(asked)).toBe('t|t');
});

test('a template of the site’s own is dropped too, and clients that come back at once can’t stop it', async () => {
  const order = await prepareDrop(cluster, 'busy');
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

test('a drop that the server was told to end half-way can only go on, and does', async () => {
  const cutShort = async (name: string) => {
    const order = await prepareDrop(cluster, name);
    // The mark that DROP DATABASE itself makes, before it removes the first file.
    await cluster.psql(`UPDATE pg_database SET datconnlimit = -2 WHERE oid = ${order.target.oid}`);
    return order;
  };
  const dropped = await cutShort('half');
  await dropTarget(settings(cluster), dropped);
  const settled = await cutShort('half_settled');
  expect(await settleDrop(settings(cluster), settled)).toBe('dropped');
  for (const name of ['half', 'half_settled']) expect(await databasesOf(cluster)).not.toHaveProperty(name);
});
