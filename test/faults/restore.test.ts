import { open, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Hammer } from '../postgres/restore/hammer.js';
import {
  changeTarget,
  copyAsOf,
  filesOf,
  olderBackup,
  strayDatabases,
  targetIs,
  untilWaiting,
} from './support/restoring.js';
import { canary, database, patience } from './support/scene.js';
import { openStage, type Stage, slow } from './support/stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage({ settings: { max_connections: '200' } });
});
afterAll(() => stage[Symbol.asyncDispose]());

const keepNothing = ['--keep-previous', '0'];

test(
  'X2: retention keeps the backup that a restore reads until the restore has ended',
  patience,
  async () => {
    await using scene = await stage.open({ RETENTION_DAYS: '36500' });
    await changeTarget(scene);
    const { id } = await olderBackup(scene);
    const old = await copyAsOf(scene, id, '20250101_000000');
    await scene.invariants.age();
    const expire = (...args: string[]) => scene.start('expire', ...args, { RETENTION_DAYS: '1' }).end;
    const restoring = scene.start('restore', old, database, ...keepNothing);
    await untilWaiting(restoring);

    const planned = await expire('--dry-run');
    expect(planned.stdout).toMatch(new RegExp(`kept +${old} +restore/default/${database} reads it`));
    expect(planned.stdout).toContain('would expire 0');
    expect(await scene.start('backup', database, { RETENTION_DAYS: '1' }).end).toMatchObject({ exitCode: 0 });
    expect((await expire()).stdout).toContain('expired 0, kept 3');
    await scene.invariants.age();

    expect(await scene.place.run('approve', database, '--reason', 'seen')).toMatchObject({ exitCode: 0 });
    const end = await restoring.end;
    expect(await targetIs(scene)).toBe('the backup');
    expect((await expire('--dry-run')).stdout).toMatch(new RegExp(`would expire +${old} `));
    await scene.invariants.holdRestored(end, 'success');
  },
);

test(
  'S2: an artifact that changed while people decided is not swapped in, and a later approval says it is over',
  patience,
  async () => {
    await using scene = await stage.open();
    await changeTarget(scene);
    const { id } = await olderBackup(scene);
    const { artifact } = filesOf(scene, id);
    const restoring = scene.start('restore', id, database, ...keepNothing);
    await untilWaiting(restoring);
    const whole = await readFile(artifact);
    const times = await stat(artifact);
    await flip(artifact);
    await utimes(artifact, times.atime, times.mtime);

    expect(await scene.place.run('approve', database, '--reason', 'seen')).toMatchObject({ exitCode: 5 });
    const end = await restoring.end;
    const late = await scene.place.run('approve', database, '--reason', 'seen again');
    expect(late.exitCode).toBe(1);
    expect(late.stderr).toContain('it is over');
    expect(await targetIs(scene)).toBe('changed since');
    expect(await strayDatabases(scene)).toBe('');
    await writeFile(artifact, whole);
    await scene.invariants.holdRestored(end, { exitCode: 5, cause: /changed since it was verified/ });
  },
);

test(
  'X4: a hundred clients that reconnect while another process restores reach the old database before, the new one after',
  patience,
  async () => {
    await using scene = await stage.open({ STALL_TIMEOUT_SECONDS: '60' });
    await changeTarget(scene);
    const { id } = await olderBackup(scene);
    const restoring = scene.start('restore', id, database, ...keepNothing);
    await untilWaiting(restoring);
    const query =
      "SELECT CASE WHEN to_regclass('since_the_backup') IS NULL THEN 'new' ELSE 'old' END AS content";
    const hammer = new Hammer(scene.cluster, database, 100, { password: canary, query });
    await hammer.everyClientReads('old');
    expect(await scene.place.run('approve', database, '--reason', 'seen')).toMatchObject({ exitCode: 0 });
    await hammer.everyClientReads('new');
    const { perClient, refusals } = await hammer.stop();
    for (const contents of perClient) {
      expect(contents.filter((content, index) => content !== contents[index - 1])).toEqual(['old', 'new']);
    }
    // Not taking connections, renamed while connecting, ended by an administrator: nothing else is met.
    expect(['55000', '3D000', '57P01']).toEqual(expect.arrayContaining([...refusals.keys()]));
    const end = await restoring.end;
    expect(await strayDatabases(scene)).toBe('');
    await scene.invariants.holdRestored(end, 'success');
  },
);

test('a restore ends the dump of its target, which is made anew of what was restored', patience, async () => {
  await using scene = await stage.open();
  await changeTarget(scene);
  const { id } = await olderBackup(scene);
  await scene.startWorker();
  // More than fits into the buffers on its way, and so slow that it lasts longer than the restore.
  const columns = 'md5(i::text) AS a, md5((-i)::text) AS b';
  await scene.cluster.psql(
    `CREATE TABLE large AS SELECT ${columns} FROM generate_series(1, 300000) i`,
    database,
  );
  scene.wire.bytesPerSecond = slow / 4;
  const backingUp = scene.backUp();
  await scene.untilDumping();
  const restored = await scene.start('restore', id, database, '--yes', ...keepNothing).end;
  expect(restored.exitCode, restored.stderr).toBe(0);
  scene.wire.bytesPerSecond = Infinity;
  const end = await backingUp.end;
  expect(end.stderr).toMatch(/attempt 2, since: /);
  expect(await targetIs(scene)).toBe('the backup');
  const [made] = await scene.invariants.hold(end, 'success');
  expect(made?.id).not.toBe(id);
  const { metadata } = filesOf(scene, made?.id ?? '');
  const { tables } = JSON.parse(await readFile(metadata, 'utf8')) as { tables: { table: string }[] };
  expect(tables.map(({ table }) => table)).toEqual(['trades']);
});

test(
  'a restore whose target was brought back by an undo while people decided is refused',
  patience,
  async () => {
    await using scene = await stage.open();
    await changeTarget(scene);
    await scene.startWorker();
    const { id } = await olderBackup(scene);
    const first = await scene.place.json<{ previous: { name: string } }>('restore', id, database, '--yes');
    const second = scene.start('restore', id, database);
    await untilWaiting(second);
    const undone = await scene.place.json<{ undoneName: string }>('restore', 'undo', first.previous.name);
    expect(await targetIs(scene)).toBe('changed since');
    await scene.place.run('approve', database, '--reason', 'seen');
    const end = await second.end;
    expect(await targetIs(scene)).toBe('changed since');
    await scene.cluster.psql(`DROP DATABASE ${undone.undoneName}`);
    expect(await strayDatabases(scene)).toBe('');
    await scene.invariants.holdRestored(end, { exitCode: 1, cause: /give the name/ });
  },
);

async function flip(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  const { size } = await handle.stat();
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, Math.floor(size / 2));
  await handle.write(Buffer.of((buffer[0] ?? 0) ^ 1), 0, 1, Math.floor(size / 2));
  await handle.close();
}
