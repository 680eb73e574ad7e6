import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { swapFailpoints } from '../../src/postgres/restore/swap/failpoint.js';
import { changeTarget, strayDatabases, targetIs } from './support/restoring.js';
import { canary, database, patience, patiently, type Scene } from './support/scene.js';
import { openStage, type Stage } from './support/stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage[Symbol.asyncDispose]());

const restore = ['restore', '--latest', database, '--yes', '--keep-previous', '0'];

/** Databases into which something is being restored. */
const stagingDatabases = ({ cluster }: Scene) =>
  cluster.psql(`SELECT datname FROM pg_database WHERE starts_with(datname, '${database}__staging_')`);

/** Resolves when that query of the staging database's sessions tells true. */
async function untilStaging(scene: Scene, what: string): Promise<void> {
  const sessions = `FROM pg_stat_activity WHERE starts_with(datname, '${database}__staging_')`;
  await expect
    .poll(() => scene.cluster.psql(`SELECT EXISTS (SELECT ${sessions} AND ${what})`), patiently)
    .toBe('t');
}

test(
  'a worker killed mid-load: the next attempt drops what was loaded, begins anew, and the restore is whole',
  patience,
  async () => {
    await using scene = await stage.open();
    await changeTarget(scene);
    scene.wire.sentBytesPerSecond = 1_000_000;
    const doomed = await scene.startWorker();
    const command = scene.start(...restore);
    await untilStaging(scene, "query LIKE 'COPY%'");
    doomed.kill('SIGKILL');
    await doomed.end;
    const before = await scene.cluster.psql(
      `SELECT oid FROM pg_database WHERE starts_with(datname, '${database}__staging_')`,
    );
    scene.wire.sentBytesPerSecond = Infinity;
    await scene.startWorker();
    const end = await command.end;
    expect(end.stderr).toContain('loading: attempt 2, since: ');
    expect(end.stderr).not.toContain('dumping');
    expect(before).toMatch(/^\d+$/);
    expect(await scene.cluster.psql(`SELECT oid FROM pg_database WHERE datname = '${database}'`)).not.toBe(
      before,
    );
    expect(await targetIs(scene)).toBe('the backup');
    expect(await strayDatabases(scene)).toBe('');
    await scene.invariants.holdRestored(end, 'success');
  },
);

test(
  'a worker killed while it counts: the next attempt counts the same staging database, and the restore is whole',
  patience,
  async () => {
    await using scene = await stage.open();
    await changeTarget(scene);
    scene.wire.sentBytesPerSecond = 2_000_000;
    const doomed = await scene.startWorker();
    const command = scene.start(...restore);
    await untilStaging(scene, "query LIKE 'COPY%'");
    await using held = await lockOnceAnalyzed(scene, () => {
      scene.wire.sentBytesPerSecond = Infinity;
    });
    await untilStaging(scene, "wait_event_type = 'Lock'");
    const before = await stagingDatabases(scene);
    doomed.kill('SIGKILL');
    await doomed.end;
    await held.release();
    await scene.startWorker();
    const end = await command.end;
    expect(end.stderr).toContain('counting every row: attempt 2, since: ');
    expect(end.stderr).not.toContain('loading: attempt 2');
    expect(before).toMatch(/^shop__staging_/);
    expect(await targetIs(scene)).toBe('the backup');
    expect(await strayDatabases(scene)).toBe('');
    await scene.invariants.holdRestored(end, 'success');
  },
);

/** Every other instant is that of the functions, in test/postgres/restore/swap-crash.test.ts. */
const points =
  process.env.HOLDFAST_TEST_SWAP_POINTS === 'all'
    ? swapFailpoints
    : (['swap:after-second-rename', 'swap:after-commit'] as const);

test.each(points)(
  'X3: a worker killed at %s: the name leads to one whole database at once, and the retry swaps',
  patience,
  async (point) => {
    await using scene = await stage.open();
    await changeTarget(scene);
    const doomed = await scene.startWorker({ HOLDFAST_FAILPOINT: point });
    const command = scene.start(...restore);
    await doomed.end;
    const named = await scene.cluster.psql(`SELECT count(*) FROM pg_database WHERE datname = '${database}'`);
    expect(named).toBe('1');
    await scene.startWorker();
    const end = await command.end;
    expect(await targetIs(scene)).toBe('the backup');
    expect(await strayDatabases(scene)).toBe('');
    await scene.invariants.holdRestored(end, 'success');
  },
);

test(
  'X3: a worker killed when it has dropped the target of a restore in place: the next one goes on, and the restore is whole',
  patience,
  async () => {
    await using scene = await stage.open();
    await changeTarget(scene);
    const doomed = await scene.startWorker({ HOLDFAST_FAILPOINT: 'drop:after-drop' });
    const command = scene.start('restore', '--latest', database, '--yes', '--in-place');
    await doomed.end;
    expect(await scene.cluster.psql(`SELECT count(*) FROM pg_database WHERE datname = '${database}'`)).toBe(
      '0',
    );
    await scene.startWorker();
    const end = await command.end;
    expect(end.stderr).toContain('dropping the target: attempt 2, since: ');
    expect(await targetIs(scene)).toBe('the backup');
    expect(await strayDatabases(scene)).toBe('');
    await scene.invariants.holdRestored(end, 'success');
  },
);

/** A session in the staging database that, once it is analyzed, lets nobody look at one of its catalogues. */
async function lockOnceAnalyzed(scene: Scene, ready: () => void) {
  const { socketDir: host, port } = scene.cluster;
  const holder = new pg.Client({
    ...{ host, port, user: 'postgres', password: canary, database: await stagingDatabases(scene) },
  });
  holder.on('error', () => undefined);
  await holder.connect();
  const analyzing = `EXISTS (SELECT FROM pg_stat_activity
    WHERE datname = current_database() AND state = 'active' AND query ILIKE 'analyze%')`;
  const pause = 'PERFORM pg_stat_clear_snapshot(), pg_sleep(0.002)';
  const waiting = holder.query(
    `DO $$ BEGIN
       WHILE NOT ${analyzing} LOOP ${pause}; END LOOP;
       WHILE ${analyzing} LOOP ${pause}; END LOOP;
     END $$; BEGIN; LOCK TABLE pg_largeobject_metadata IN ACCESS EXCLUSIVE MODE`,
  );
  ready();
  await waiting;
  const release = () => holder.end();
  return { release, [Symbol.asyncDispose]: release };
}
