import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isPartial } from './invariants.js';
import { leavesNoOrphan } from './support/orphans.js';
import { patience } from './support/scene.js';
import { openStage, type Stage, slow } from './support/stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage[Symbol.asyncDispose]());

const kills = Number(process.env.HOLDFAST_TEST_KILLS ?? 5);
const loopPatience = { timeout: patience.timeout + kills * 70_000 };

test(
  `P1: a worker killed mid-dump ${kills} times: one backup in the end, no orphan`,
  loopPatience,
  async () => {
    await using scene = await stage.open({ STALL_TIMEOUT_SECONDS: '3' });
    scene.wire.bytesPerSecond = slow;
    let worker = await scene.startWorker();
    const command = scene.backUp();
    for (let kill = 0, attempt = 0; kill < kills; kill++) {
      attempt = await scene.untilDumping(attempt + 1);
      await delay(Math.random() * 1000);
      worker.kill('SIGKILL');
      await worker.end;
      worker = await scene.startWorker();
    }
    scene.wire.bytesPerSecond = Infinity;
    const end = await command.end;
    await leavesNoOrphan(scene);
    const [backup] = await scene.invariants.hold(end, 'success');
    expect((await scene.files()).filter((name) => name.includes(backup?.id ?? ''))).toHaveLength(3);
  },
);

test(
  'P5: a worker told to stop mid-dump stops its pg_dump, removes its file, and hands the step on',
  patience,
  async () => {
    await using scene = await stage.open();
    scene.wire.bytesPerSecond = slow;
    const worker = await scene.startWorker();
    const command = scene.backUp();
    await scene.untilDumping();
    worker.kill('SIGTERM');
    expect(await worker.end).toMatchObject({ exitCode: 0 });
    await leavesNoOrphan(scene);
    expect((await scene.files()).filter(isPartial)).toEqual([]);

    scene.wire.bytesPerSecond = Infinity;
    await scene.startWorker();
    const end = await command.end;
    expect(end.stderr).toContain('attempt 2, since: the worker was stopped');
    await scene.invariants.hold(end, 'success');
  },
);

test(
  'T2: a worker that dies after publication, before it could tell: the retry returns the same backup',
  patience,
  async () => {
    await using scene = await stage.open();
    const doomed = await scene.startWorker({ HOLDFAST_FAILPOINT: 'publish:end' });
    const command = scene.backUp();
    await doomed.end;
    const published = (await scene.files()).filter((name) => name.endsWith('.meta'));
    expect(published).toHaveLength(2);

    await scene.startWorker();
    const end = await command.end;
    const backups = await scene.invariants.hold(end, 'success');
    expect(backups.map(({ id }) => `${id}.meta`).sort()).toEqual(published);
    expect(end.stdout).toContain(backups[0]?.id);
  },
);
