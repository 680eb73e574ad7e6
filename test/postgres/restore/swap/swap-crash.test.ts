import { afterAll, beforeAll, expect, test } from 'vitest';
import { dropTarget, settleDrop } from '../../../../src/postgres/restore/swap/drop-target.js';
import { dropFailpoints, swapFailpoints } from '../../../../src/postgres/restore/swap/failpoint.js';
import { finishOrUndoSwap, swapDatabases } from '../../../../src/postgres/restore/swap/swap.js';
import { finishOrUndoUndo, undoSwap } from '../../../../src/postgres/restore/swap/undo-swap.js';
import { type Cluster, startCluster } from '../../../support/cluster.js';
import { postgresVersions } from '../../../support/postgresql-binaries.js';
import { startTypeScript } from '../../../support/typescript-process.js';
import { contentOf, databasesOf, prepareDrop, prepareSwap, settings, undoOrder } from './swap-support.js';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster();
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

test.for(swapFailpoints)(
  'X3 after a SIGKILL at %s the name leads to one whole database, and the retry swaps',
  async (point) => {
    const target = point.replaceAll(/\W/g, '_');
    const order = await prepareSwap(cluster, target);
    await killedAt(point, 'swap.ts', 'swapDatabases', cluster, order);
    const isDone = point === 'swap:after-commit';
    expect(await finishOrUndoSwap(settings(cluster), order)).toBe(isDone ? 'done' : 'undone');
    expect(await contentOf(cluster, target)).toBe(isDone ? 'new' : 'old');
    await swapDatabases(settings(cluster), order);
    expect(await contentOf(cluster, target)).toBe('new');
    expect(await databasesOf(cluster)).toMatchObject({ [target]: true, [order.previousName]: false });

    const undo = undoOrder(order);
    await killedAt(point, 'undo-swap.ts', 'undoSwap', cluster, undo);
    expect(await finishOrUndoUndo(settings(cluster), undo)).toBe(isDone ? 'done' : 'undone');
    expect(await contentOf(cluster, target)).toBe(isDone ? 'old' : 'new');
    await undoSwap(settings(cluster), undo);
    expect(await contentOf(cluster, target)).toBe('old');
    expect(await databasesOf(cluster)).toMatchObject({ [target]: true, [undo.undoneName]: false });
  },
);

test.for(postgresVersions)(
  'X3 PostgreSQL %i: a SIGKILL while clients are refused is mended by the retry alone',
  async (version) => {
    await using own = await startCluster({ version });
    const order = await prepareSwap(own);
    await killedAt('swap:after-first-rename', 'swap.ts', 'swapDatabases', own, order);
    expect(await databasesOf(own)).toEqual({ shop: false, [order.staging.name]: false });
    expect(await swapDatabases(settings(own), order)).toMatchObject({ attempts: 1 });
    expect(await databasesOf(own)).toEqual({ shop: true, [order.previousName]: false });
    expect(await contentOf(own, 'shop')).toBe('new');
  },
);

test('X3 a target that does not exist is created whole or not at all', async () => {
  for (const point of swapFailpoints) {
    const target = `new_${point.replaceAll(/\W/g, '_')}`;
    const order = await prepareSwap(cluster, target, { isNew: true });
    await killedAt(point, 'swap.ts', 'swapDatabases', cluster, order);
    await swapDatabases(settings(cluster), order);
    expect(await contentOf(cluster, target), point).toBe('new');
  }
});

test.for(dropFailpoints)(
  'X3 in place: after a SIGKILL at %s the target is there, whole, or gone, and the retry goes on',
  async (point) => {
    const isDone = point === 'drop:after-drop';
    for (const next of ['settles', 'drops'] as const) {
      const target = `${next}_${point.replaceAll(/\W/g, '_')}`;
      const order = await prepareDrop(cluster, target);
      await killedAt(point, 'drop-target.ts', 'dropTarget', cluster, order);
      if (next === 'settles') {
        expect(await settleDrop(settings(cluster), order)).toBe(isDone ? 'dropped' : 'kept');
        if (!isDone) expect(await contentOf(cluster, target)).toBe('old');
      }
      await dropTarget(settings(cluster), order);
      expect(await databasesOf(cluster)).not.toHaveProperty(target);
      expect(await contentOf(cluster, order.staging.name)).toBe('new');
    }
  },
);

/** Runs the function in a process of its own, which must die at the failpoint. */
async function killedAt(
  point: string,
  file: string,
  name: string,
  where: Cluster,
  order: object,
): Promise<void> {
  const script = `await module.${name}(${JSON.stringify(settings(where))}, ${JSON.stringify(order)}); console.log('survived');`;
  const started = startTypeScript(`src/postgres/restore/swap/${file}`, script, { HOLDFAST_FAILPOINT: point });
  const survivor = await started.catch((error: unknown) => String(error));
  if (typeof survivor !== 'string') await survivor.kill();
  expect(survivor).toMatch(/ended before it printed/);
}
