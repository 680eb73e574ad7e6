import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { stopServer } from '../../../src/postgres/recovery/postmaster.js';
import { patience } from '../../support/patience.js';
import { startPostgres } from '../../support/postgres-process.js';
import { marksIn, openRecoveryScene, type RecoveryScene } from '../../support/recovery.js';

/** Lets a recovered cluster take the place of the one that was: its own settings, its port, its archive. */
async function takeOver(scene: RecoveryScene, dataDir: string) {
  await scene.cluster.stop();
  const { binDir } = scene.cluster;
  return await startPostgres({ folder: dataDir, binDir, dataDir, logFile: `${dataDir}.log` });
}

const now = (scene: RecoveryScene) =>
  scene.cluster.psql(`SELECT to_char(now(), 'YYYY-MM-DD"T"HH24:MI:SS.US') || 'Z'`);

test('G10: after two promotions a point on each timeline is reached, and each .history came into the archive', async () => {
  await using scene = await openRecoveryScene();
  /** A time after which a mark was committed and before which no other was. */
  const markAt = async (mark: number) => {
    await scene.cluster.psql(`INSERT INTO marks VALUES (${mark})`);
    await delay(20);
    const time = await now(scene);
    await delay(20);
    return time;
  };
  const recoverTo = (time: string, timeline: number | 'latest') => {
    return scene.recover({ kind: 'time', time }, { timeline });
  };
  /** Goes back in time, as after a mistake, and on from there. */
  const goOnFrom = async (time: string) => {
    const { dataDir, timeline } = await scene.recover({ kind: 'time', time }, { action: 'promote' });
    await stopServer(dataDir);
    const server = await takeOver(scene, dataDir);
    return { server, timeline };
  };
  const archived = (name: string) =>
    vi.waitFor(() => expect(readdirSync(scene.walFolder)).toContain(name), patience);

  const one = await markAt(1);
  const two = await markAt(2);
  await markAt(3);
  await scene.archive();
  const second = await goOnFrom(one);
  expect(second.timeline).toBe(2);
  try {
    await archived('00000002.history');
    const ten = await markAt(10);
    const eleven = await markAt(11);
    await markAt(12);
    await scene.archive();
    await second.server.stop('SIGINT');
    const third = await goOnFrom(ten);
    expect(third.timeline).toBe(3);
    try {
      await archived('00000003.history');
      const twenty = await markAt(20);
      await markAt(21);
      await scene.archive();
      const cases = [
        [two, 1, [1, 2]],
        [eleven, 2, [1, 10, 11]],
        [twenty, 3, [1, 10, 20]],
        [twenty, 'latest', [1, 10, 20]],
      ] as const;
      for (const [time, timeline, marks] of cases) {
        const recovered = await recoverTo(time, timeline);
        expect(await marksIn(scene, recovered), `timeline ${timeline}`).toEqual(marks);
        await stopServer(recovered.dataDir);
      }
    } finally {
      await third.server.stop('SIGINT');
    }
  } finally {
    if (second.server.isRunning()) await second.server.stop('SIGINT');
  }
  expect(readdirSync(join(scene.walFolder)).filter((name) => name.endsWith('.history'))).toHaveLength(2);
});
