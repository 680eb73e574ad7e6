import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HoldfastError } from '../../../../src/domain/errors.js';
import { parseMark } from '../../../../src/domain/restore/database-mark.js';
import { dropMarkedDatabase } from '../../../../src/postgres/restore/swap/drop-database.js';
import { swapDatabases } from '../../../../src/postgres/restore/swap/swap.js';
import { undoRefusal, undoSwap } from '../../../../src/postgres/restore/swap/undo-swap.js';
import { type Cluster, startCluster } from '../../../support/cluster.js';
import {
  commentOf,
  contentOf,
  databasesOf,
  oidOf,
  prepareSwap,
  settings,
  undoOrder,
} from './swap-support.js';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster();
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

test('an undo gives the name, the comment and the connections back, and keeps what was restored', async () => {
  const order = await prepareSwap(cluster, 'shop');
  await swapDatabases(settings(cluster), order);
  expect(parseMark(await commentOf(cluster, order.previousName))).toEqual({
    kind: 'previous',
    target: 'shop',
    runId: 'run-1',
    comment: 'the old shop',
  });
  const undo = undoOrder(order);
  expect(await undoSwap(settings(cluster), undo)).toMatchObject({ attempts: 1 });
  expect(await contentOf(cluster, 'shop')).toBe('old');
  expect(await commentOf(cluster, 'shop')).toBe('the old shop');
  expect(await databasesOf(cluster)).toEqual({ shop: true, [undo.undoneName]: false });
  expect(parseMark(await commentOf(cluster, undo.undoneName))).toMatchObject({
    kind: 'undone',
    comment: 'the new shop',
  });
});

test('the same undo, asked for again after a crash, is found done; another one is refused with the reason', async () => {
  const order = await prepareSwap(cluster, 'twice');
  await swapDatabases(settings(cluster), order);
  await undoSwap(settings(cluster), undoOrder(order));
  expect(await undoSwap(settings(cluster), undoOrder(order))).toMatchObject({ refusedMs: null });
  const second = undoSwap(settings(cluster), undoOrder(order, '20250608_000000'));
  await expect(second).rejects.toMatchObject({ type: 'UndoRefused' });
  await expect(second).rejects.toThrow(/undone already/);
  expect(await contentOf(cluster, 'twice')).toBe('old');
});

test('a restore whose previous database was dropped can’t be undone', async () => {
  const order = await prepareSwap(cluster, 'late');
  await swapDatabases(settings(cluster), order);
  const previous = {
    name: order.previousName,
    oid: order.target.oid ?? 0,
    mark: 'previous',
    target: 'late',
  } as const;
  expect(await dropMarkedDatabase(settings(cluster), previous)).toBe(true);
  await expect(undoSwap(settings(cluster), undoOrder(order))).rejects.toThrow(/no longer kept/);
  expect(await contentOf(cluster, 'late')).toBe('new');
});

test('a restore that another one came after is undone once that one is, as the refusal says', async () => {
  const order = await prepareSwap(cluster, 'superseded');
  await swapDatabases(settings(cluster), order);
  const later = await prepareSwap(cluster, 'superseded', { isNew: true });
  const next = {
    ...later,
    target: { ...later.target, oid: order.staging.oid },
    previousName: 'superseded__before_20250609_000000',
  };
  await swapDatabases(settings(cluster), next);
  const undo = undoSwap(settings(cluster), undoOrder(order));
  await expect(undo).rejects.toMatchObject({
    type: 'UndoRefused',
    story: {
      cause: expect.stringMatching(/another restore came after it/),
      remedy: expect.stringContaining('`holdfast restore undo superseded__before_20250609_000000`'),
    },
  });
  await undoSwap(settings(cluster), undoOrder(next, '20250610_000000'));
  await undoSwap(settings(cluster), undoOrder(order));
  expect(await contentOf(cluster, 'superseded')).toBe('old');
});

test('where somebody renamed or dropped a database, the refusal tells what leads back to the previous one', async () => {
  const order = await prepareSwap(cluster, 'moved');
  await swapDatabases(settings(cluster), order);
  const refusal = () => undoRefusal(settings(cluster), undoOrder(order));
  const carryOut = async (remedy = '') =>
    cluster.psql(remedy.replace(/[;.] ?(then undo again.)?$/, '').replace(', and ', '; '));

  await cluster.psql('ALTER DATABASE moved RENAME TO elsewhere');
  const restored = await refusal();
  expect(restored?.cause).toBe('the restored database is now named "elsewhere"');
  await carryOut(restored?.remedy);
  expect(await refusal()).toBeUndefined();

  await cluster.psql(`ALTER DATABASE ${order.previousName} RENAME TO mine`);
  await carryOut((await refusal())?.remedy);
  expect(await refusal()).toBeUndefined();

  await cluster.psql('DROP DATABASE moved');
  const gone = await refusal();
  expect(gone?.cause).toBe('the restored database is gone');
  await carryOut(gone?.remedy);
  expect(await contentOf(cluster, 'moved')).toBe('old');
});

test('a kept database whose comment somebody changed is left alone, and the refusal tells what brings it back', async () => {
  const order = await prepareSwap(cluster, 'noted');
  await swapDatabases(settings(cluster), order);
  await cluster.psql(`COMMENT ON DATABASE "${order.previousName}" IS 'mine'`);
  const refused = await undoSwap(settings(cluster), undoOrder(order)).catch((error: unknown) => error);
  expect(refused).toMatchObject({ type: 'UndoRefused', message: expect.stringContaining('was changed') });
  expect(await contentOf(cluster, 'noted')).toBe('new');
  const { remedy } = refused as HoldfastError;
  const sql = remedy?.replace(/^[^:]+: /, '').replace(/\.$/, '') ?? '';
  for (const statement of sql.split('; ')) await cluster.psql(statement);
  expect(await contentOf(cluster, 'noted')).toBe('old');
});

test('only a database with our mark, the expected oid and the expected name is dropped', async () => {
  const order = await prepareSwap(cluster, 'keep');
  const staging = { ...order.staging, mark: 'staging', target: 'keep' } as const;
  const drop = (changes: object) => dropMarkedDatabase(settings(cluster), { ...staging, ...changes });
  const live = { name: 'keep', oid: await oidOf(cluster, 'keep') };
  await expect(drop(live)).rejects.toMatchObject({ type: 'DropRefused' });
  await expect(drop({ mark: 'previous' })).rejects.toMatchObject({ type: 'DropRefused' });
  await expect(drop({ target: 'other' })).rejects.toMatchObject({ type: 'DropRefused' });
  await expect(drop({ name: 'keep' })).rejects.toMatchObject({ type: 'DropRefused' });
  await expect(drop({ oid: 1 })).rejects.toMatchObject({ type: 'DropRefused' });
  expect(await databasesOf(cluster)).toMatchObject({ keep: true, [staging.name]: true });
  expect(await drop({})).toBe(true);
  expect(await drop({})).toBe(false);
  expect(await databasesOf(cluster)).not.toHaveProperty(staging.name);
});
