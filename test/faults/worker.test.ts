import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isPartial } from './invariants.js';
import { dumpsTo } from './support/processes.js';
import { patience, patiently, type Scene } from './support/scene.js';
import { openStage, type Stage, slow } from './support/stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage[Symbol.asyncDispose]());

/** Sessions that anything of Holdfast's has open on the server. */
async function sessions(): Promise<string> {
  return stage.cluster.psql("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'holdfast%'");
}

/** Nothing of a dump goes on anywhere. */
async function leavesNoOrphan({ wire }: Scene): Promise<void> {
  await expect.poll(() => dumpsTo(wire.port), patiently).toEqual([]);
  await expect.poll(sessions, patiently).toBe('0');
}

const kills = Number(process.env.HOLDFAST_TEST_KILLS ?? 5);
const loopPatience = { timeout: patience.timeout + kills * 70_000 };

test(
  `P1: a worker killed mid-dump ${kills} times: one backup in the end, no orphan`,
  loopPatience,
  async () => {
    await using scene = await stage.open();
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

test(
  'T3: a worker that sleeps through its time and wakes publishes nothing and breaks nothing',
  patience,
  async () => {
    await using scene = await stage.open();
    scene.wire.bytesPerSecond = slow;
    const sleeper = await scene.startWorker();
    const command = scene.backUp();
    await scene.untilDumping();
    sleeper.kill('SIGSTOP');
    await scene.startWorker();
    await scene.untilDumping(2);
    scene.wire.bytesPerSecond = Infinity;
    const end = await command.end;
    const [made] = (await scene.place.json<{ backups: { id: string }[] }>('list')).backups;

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
