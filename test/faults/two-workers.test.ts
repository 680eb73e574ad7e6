import { afterAll, beforeAll, expect, test } from 'vitest';
import { isPartial } from './invariants.js';
import { leavesNoOrphan } from './support/orphans.js';
import { patience } from './support/scene.js';
import { startSlowWire } from './support/slow-wire.js';
import { openStage, type Stage, slow } from './support/stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage[Symbol.asyncDispose]());

test(
  'T3: a worker that sleeps through its time and wakes publishes nothing and breaks nothing',
  patience,
  async () => {
    await using scene = await stage.open();
    await using line = await startSlowWire(Number(new URL(`http://${scene.temporal.address}`).port));
    scene.wire.bytesPerSecond = slow;
    const sleeper = await scene.startWorker({ TEMPORAL_ADDRESS: `127.0.0.1:${line.port}` });
    const command = scene.backUp();
    await scene.untilDumping();
    sleeper.kill('SIGSTOP');
    // Else Temporal, which can't see that it sleeps, hands each of its open polls a task, and waits for all of them.
    await line.cut();
    await scene.startWorker();
    await scene.untilDumping(2);
    scene.wire.bytesPerSecond = Infinity;
    const end = await command.end;
    const [made] = (await scene.place.json<{ backups: { id: string }[] }>('list')).backups;

    await line.mend();
    sleeper.kill('SIGCONT');
    await leavesNoOrphan(scene);
    sleeper.kill('SIGTERM');
    await sleeper.end;
    expect((await scene.files()).filter(isPartial)).toEqual([]);
    const [backup] = await scene.invariants.hold(end, 'success');
    expect(backup?.id).toBe(made?.id);
  },
);

test(
  'X1: the second command of two for one database ends with 7 and names the workflow',
  patience,
  async () => {
    await using scene = await stage.open();
    scene.wire.bytesPerSecond = slow;
    await Promise.all([scene.startWorker(), scene.startWorker()]);
    const first = scene.backUp();
    await scene.untilDumping();
    const second = await scene.backUp().end;
    scene.wire.bytesPerSecond = Infinity;
    expect(second.exitCode, second.stderr).toBe(7);
    expect(second.stderr.split('\n').filter((line) => line.startsWith('✗'))).toEqual([
      expect.stringContaining('workflow full-backup/default/shop'),
    ]);
    const end = await first.end;
    expect(end.stderr).not.toContain('attempt 2');
    await scene.invariants.hold(end, 'success');
  },
);
