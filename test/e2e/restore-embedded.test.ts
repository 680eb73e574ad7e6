import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { RestoreResult } from '../../src/domain/restore/contracts.js';
import { type Cluster, startCluster } from '../support/cluster.js';
import { createWorkplace, type Workplace } from '../support/holdfast.js';

let cluster: Cluster;
let place: Workplace;

beforeAll(async () => {
  cluster = await startCluster();
  place = await createWorkplace(cluster.env);
  await cluster.createDatabase('shop');
  await cluster.psql('CREATE TABLE orders AS SELECT generate_series(1, 100) AS id', 'shop');
});

afterAll(async () => {
  await place[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

const orders = () => cluster.psql('SELECT count(*) FROM orders', 'shop');

test('with neither a Temporal server nor a worker a restore and its undo do their work themselves', async () => {
  expect(await place.run('backup', 'shop')).toMatchObject({ exitCode: 0 });
  await cluster.psql('DELETE FROM orders', 'shop');
  const { previous } = await place.json<RestoreResult>('restore', '--latest', 'shop', '--yes');
  expect(await orders()).toBe('100');
  expect(await place.run('restore', 'undo', previous?.name ?? '')).toMatchObject({ exitCode: 0 });
  expect(await orders()).toBe('0');
});

/** A restore of the newest backup whose command is killed once it waits for people. */
async function killRestoreThatWaits(): Promise<void> {
  const restoring = place.start(['restore', '--latest', 'shop']);
  let told = '';
  restoring.stderr.on('data', (text: Buffer) => {
    told += text;
  });
  await vi.waitUntil(() => told.includes('waits for 1 approval'), { timeout: 120_000 });
  restoring.kill('SIGKILL');
  await restoring;
}

test('a restore whose command was killed while it waited goes on with the approval', async () => {
  expect(await place.run('backup', 'shop')).toMatchObject({ exitCode: 0 });
  await cluster.psql('INSERT INTO orders VALUES (1)', 'shop');
  await killRestoreThatWaits();
  expect(await orders()).toBe('1');
  expect(await place.run('approve', 'shop', '--reason', 'seen')).toMatchObject({ exitCode: 0 });
  expect(await orders()).toBe('0');
});

test('a restore of another backup is not taken for the one whose command was killed', async () => {
  await cluster.psql('INSERT INTO orders VALUES (1)', 'shop');
  await killRestoreThatWaits();
  const other = await place.run('restore', 'oldest', 'shop', '--yes');
  expect(other).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('with other arguments') });
  expect(await orders()).toBe('100');
});
