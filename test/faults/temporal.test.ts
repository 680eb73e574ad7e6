import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, test } from 'vitest';
import { patience } from './support/scene.js';
import { openStage, type Stage, slow } from './support/stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage[Symbol.asyncDispose]());

test(
  'T1: Temporal killed mid-dump and started again half a minute later: the backup goes on, and there is one',
  patience,
  async () => {
    await using scene = await stage.open();
    scene.wire.bytesPerSecond = slow;
    await scene.startWorker();
    const command = scene.backUp();
    await scene.untilDumping();
    await scene.temporal.kill9();
    // Longer than Temporal's client tries again by itself.
    await delay(30_000);
    await scene.temporal.restart();
    scene.wire.bytesPerSecond = Infinity;
    await scene.invariants.hold(await command.end, 'success');
  },
);
