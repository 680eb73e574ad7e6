import { afterAll, beforeAll, expect, test } from 'vitest';
import { isPartial } from './invariants.js';
import { dumpsTo } from './support/processes.js';
import { changeTarget, strayDatabases, targetIs } from './support/restoring.js';
import { database, patience, patiently } from './support/scene.js';
import { openStage, type Stage, slow } from './support/stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage[Symbol.asyncDispose]());

test.each([
  ['before the server has answered', 1],
  ['while the database is looked at', 1_000],
  ['while pg_dump reads the catalogue', 40_000],
  ['in the midst of the rows', 2_000_000],
])('N1: a connection cut %s is made again', patience, async (_, backBytes) => {
  await using scene = await stage.open();
  scene.wire.cutAfter = { backBytes };
  const end = await scene.backUp().end;
  expect(scene.wire.cutAfter).toEqual({});
  expect(end.stderr).toContain('attempt 2, since:');
  expect((await scene.files()).filter(isPartial)).toEqual([]);
  await scene.invariants.hold(end, 'success');
});

test(
  'N2: a connection that stalls is given up once nothing came for the stall timeout, and made again',
  patience,
  async () => {
    // The attempt that stalled must give its turn to the next.
    await using scene = await stage.open({ PARALLEL_PER_HOST: '1' });
    const worker = await scene.startWorker();
    scene.wire.bytesPerSecond = slow;
    const command = scene.backUp();
    await scene.untilDumping();
    expect(dumpsTo(scene.wire.port)).toHaveLength(1);
    scene.wire.stall();
    scene.wire.bytesPerSecond = Infinity;
    await expect.poll(() => command.printed(), patiently).toMatch(/attempt 2, since: /);
    await scene.invariants.hold(await command.end, 'success');
    expect(dumpsTo(scene.wire.port)).toEqual([]);
    expect((await scene.files()).filter(isPartial)).toEqual([]);
    worker.kill('SIGTERM');
    expect((await worker.end).exitCode).toBe(0);
  },
);

test(
  'N1, N2: a restore whose connection is cut, and then stalls, while rows are loaded begins anew',
  patience,
  async () => {
    await using scene = await stage.open();
    await changeTarget(scene);
    scene.wire.cutAfter = { sentBytes: 1_000_000 };
    scene.wire.sentBytesPerSecond = slow;
    const command = scene.start('restore', '--latest', database, '--yes', '--keep-previous', '0');
    await expect.poll(() => command.printed(), patiently).toMatch(/loading: attempt 2, since: /);
    const loading = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY%'";
    await expect.poll(() => scene.cluster.psql(loading), patiently).toBe('1');
    scene.wire.stall();
    scene.wire.sentBytesPerSecond = Infinity;
    const end = await command.end;
    expect(end.stderr).toMatch(/loading: attempt 3, since: /);
    expect(await targetIs(scene)).toBe('the backup');
    expect(await strayDatabases(scene)).toBe('');
    await scene.invariants.holdRestored(end, 'success');
  },
);
