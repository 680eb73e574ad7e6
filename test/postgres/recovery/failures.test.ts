import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { extractBase } from '../../../src/postgres/recovery/extract-base.js';
import { runningPostmaster, stopServer } from '../../../src/postgres/recovery/postmaster.js';
import { backUpBase } from '../../support/base-backup.js';
import { ask, marksIn, openRecoveryScene, type RecoveryScene, toRecover } from '../../support/recovery.js';
import { giveToServer } from '../../support/template-data-dir.js';

const point = { kind: 'name', name: 'here' } as const;
let scene: RecoveryScene;
/** The segments after the base backup, of which the middle one has only filling. */
let segments: string[];
beforeAll(async () => {
  scene = await openRecoveryScene();
  const { cluster, walFolder } = scene;
  const before = readdirSync(walFolder);
  await cluster.psql('INSERT INTO marks VALUES (1)');
  await scene.archive();
  await cluster.psql('INSERT INTO marks VALUES (2)');
  await scene.archive();
  await cluster.psql(`INSERT INTO marks VALUES (3); SELECT pg_create_restore_point('here')`);
  await scene.archive();
  segments = readdirSync(walFolder)
    .filter((name) => /^[0-9A-F]{24}$/.test(name) && !before.includes(name))
    .slice(-3);
});
afterAll(() => scene[Symbol.asyncDispose]());

const path = (name = '') => join(scene.walFolder, name);
const postmasterOf = (dataDir: string) =>
  Number.parseInt(readFileSync(join(dataDir, 'postmaster.pid'), 'utf8'), 10);

/** Spoils the archive, and mends it afterwards. */
async function whileSpoilt(name: string, spoil: () => void, act: () => Promise<void>) {
  cpSync(path(name), `${path(name)}.kept`, { preserveTimestamps: true });
  const { uid, gid } = statSync(path(name));
  try {
    spoil();
    await act();
  } finally {
    rmSync(path(name), { force: true });
    renameSync(`${path(name)}.kept`, path(name));
    chownSync(path(name), uid, gid);
  }
}

const second = 1;
const failing = async (target: Parameters<RecoveryScene['recover']>[0] = point, more = {}) => {
  const dataDir = await scene.unpack();
  const error: unknown = await scene.recover(target, { dataDir, ...more }).catch((reason: unknown) => reason);
  expect(await runningPostmaster(dataDir), 'no server is left').toBeUndefined();
  return { error, dataDir };
};

describe('a target that is not reached', () => {
  test('G6: a segment that is missing is named, with how far recovery came', async () => {
    const name = segments[second] ?? '';
    await whileSpoilt(
      name,
      () => rmSync(path(name)),
      async () => {
        const { error } = await failing();
        expect(error).toMatchObject({ type: 'RecoveryTargetNotReached', exitCode: 1, retryable: false });
        expect(String(error)).toMatch(/recovery ended before configured recovery target was reached/);
        expect(String(error)).toMatch(new RegExp(`came to position [0-9A-F/]+.*the archive has no ${name}`));
      },
    );
  });

  test('G9: a time after the last commit', async () => {
    const { error } = await failing({ kind: 'time', time: '2100-01-01T00:00:00Z' });
    expect(error).toMatchObject({
      type: 'RecoveryTargetNotReached',
      message: expect.stringMatching(/the transaction of \d{4}-\d\d-\d\dT[\d:.]+Z/),
      remedy: expect.stringContaining('where nothing was committed after that position, `--to latest`'),
    });
  });
});

describe('G8: an archive that can not be read stops recovery in the middle, it does not end it', () => {
  test.each([
    ['unreadable', (name: string) => chmodSync(path(name), 0)],
    ['cut short', (name: string) => writeFileSync(path(name), 'half')],
    [
      'a damaged compressed one',
      (name: string) => {
        rmSync(path(name));
        writeFileSync(`${path(name)}.zst`, 'no zstd');
      },
    ],
  ])('a segment that is %s', async (_what, spoil) => {
    const name = segments[second] ?? '';
    await whileSpoilt(
      name,
      () => spoil(name),
      async () => {
        const { error, dataDir } = await failing();
        expect(error).toMatchObject({ type: 'RecoveryFailed', exitCode: 1 });
        expect(String(error)).toContain(name);
        rmSync(`${path(name)}.zst`, { force: true });
        // Mended, the same folder recovers: nothing was promoted.
        await mended(name);
        expect(await marksIn(scene, await scene.recover(point, { dataDir }))).toEqual([1, 2, 3]);
      },
    );
  });

  async function mended(name: string) {
    rmSync(path(name), { force: true });
    cpSync(`${path(name)}.kept`, path(name));
    await giveToServer(path(name));
  }
});

test('segments that were compressed, by either program, are read', async () => {
  const [first = '', , third = ''] = segments;
  const compress = (program: string[], name: string) =>
    execFileSync(program[0] ?? '', [...program.slice(1), path(name)]);
  await whileSpoilt(
    first,
    () => compress(['zstd', '-q', '--rm'], first),
    async () => {
      await whileSpoilt(
        third,
        () => compress(['gzip'], third),
        async () => {
          await giveToServer(`${path(first)}.zst`, `${path(third)}.gz`);
          const onProgress = vi.fn();
          const recovered = await scene.recover(point, { onProgress });
          expect(await marksIn(scene, recovered)).toEqual([1, 2, 3]);
          expect(onProgress.mock.calls.map(([progress]) => progress.segment)).toEqual(
            expect.arrayContaining(segments),
          );
          expect(recovered.segments).toBeGreaterThanOrEqual(3);
        },
      );
    },
  );
});

test('C3: a time without its offset is refused before anything is touched', async () => {
  const dataDir = await scene.unpack();
  const recovering = scene.recover({ kind: 'time', time: '2025-03-30 02:30:00' }, { dataDir });
  await expect(recovering).rejects.toMatchObject({
    type: 'RecoveryTargetInvalid',
    exitCode: 2,
    remedy: expect.stringContaining('with its offset'),
  });
  expect(readdirSync(dataDir)).not.toContain('recovery.signal');
});

/** How a recovery ends that is hit as soon as it tells anything. One that was through by then is begun anew. */
async function hit(recoverInto: (dataDir: string) => Promise<unknown>) {
  for (;;) {
    const dataDir = await scene.unpack();
    const error = await recoverInto(dataDir).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (error) return { dataDir, error };
    await stopServer(dataDir);
  }
}

describe('what becomes of servers', () => {
  test('cancellation leaves none running, and the next attempt goes on', async () => {
    const { dataDir, error } = await hit((into) => {
      const abort = new AbortController();
      const onProgress = () => abort.abort();
      return scene.recover(point, { dataDir: into, signal: abort.signal, onProgress });
    });
    expect(error).toMatchObject({ type: 'Cancelled' });
    expect(await runningPostmaster(dataDir)).toBeUndefined();
    expect(await marksIn(scene, await scene.recover(point, { dataDir }))).toEqual([1, 2, 3]);
  });

  test('one that an attempt left running is stopped by the next; nobody but its account can reach it', async () => {
    const { server, dataDir } = await scene.recover(point);
    expect(statSync(server?.socketDir ?? '').mode & 0o077).toBe(0);
    expect(await ask(scene, server, 'SHOW listen_addresses')).toBe('');
    expect(await ask(scene, server, 'SHOW archive_mode')).toBe('off');
    const again = await scene.recover(point, { dataDir });
    expect(again.server?.pid).not.toBe(server?.pid);
    expect(existsSync(server?.socketDir ?? '')).toBe(false);
    expect(await marksIn(scene, again)).toEqual([1, 2, 3]);
  });

  test('a server that is killed meanwhile is worth another try', async () => {
    const { error } = await hit((dataDir) => {
      let killed = false;
      const onProgress = () => {
        if (!killed) process.kill(postmasterOf(dataDir), 'SIGKILL');
        killed = true;
      };
      return scene.recover(point, { dataDir, onProgress, action: 'promote' });
    });
    expect(error).toMatchObject({ type: 'RecoveryInterrupted', retryable: true });
  });

  test('a cluster that went on since it was recovered is not recovered again', async () => {
    const { dataDir } = await scene.recover(point, { action: 'promote' });
    await stopServer(dataDir);
    await expect(scene.recover(point, { dataDir })).rejects.toMatchObject({
      type: 'DataDirectoryRefused',
      message: expect.stringContaining('it went on since it was recovered'),
    });
  });
});

describe('where a base backup is unpacked', () => {
  const unpacking = (dataDir: string, more: Partial<Parameters<typeof extractBase>[0]> = {}) => {
    const { base, account } = scene;
    return extractBase({
      folder: base.folder,
      metadata: base.metadata,
      dataDir,
      account,
      runId: 'run-1',
      ...more,
    });
  };
  const refused = (message: RegExp) => ({
    type: 'DataDirectoryRefused',
    message: expect.stringMatching(message),
  });

  test('a folder that holds anything is refused, and stays as it is', async () => {
    const dataDir = scene.newDataDir();
    await mkdir(dataDir, { mode: 0o755 });
    writeFileSync(join(dataDir, 'PG_VERSION'), '15');
    await giveToServer(dataDir);
    const before = statSync(dataDir);
    await expect(unpacking(dataDir)).rejects.toMatchObject(refused(/it is not empty: it holds 1 names/));
    expect(statSync(dataDir)).toMatchObject({ uid: before.uid, mode: before.mode });
    expect(readdirSync(dataDir)).toEqual(['PG_VERSION']);
  });

  test('a link, a relative path, and a folder in none are refused', async () => {
    const dataDir = scene.newDataDir();
    symlinkSync(scene.newDataDir(), dataDir);
    await expect(unpacking(dataDir)).rejects.toMatchObject(refused(/it is no folder/));
    await expect(unpacking('relative/data')).rejects.toMatchObject(refused(/no full path/));
    await expect(unpacking('/nowhere/at/all')).rejects.toMatchObject(refused(/does not exist/));
  });

  test('P1: what an attempt left half done is begun anew by its own run, and refused to another', async () => {
    const dataDir = scene.newDataDir();
    await mkdir(dataDir);
    writeFileSync(join(dataDir, 'holdfast_unpacking'), 'run-1');
    writeFileSync(join(dataDir, 'PG_VERSION'), 'half');
    await expect(unpacking(dataDir, { runId: 'run-2' })).rejects.toMatchObject(
      refused(/run run-1 was interrupted/),
    );
    await expect(scene.recover(point, { dataDir })).rejects.toMatchObject(refused(/only in part/));
    await unpacking(dataDir);
    expect(await readFile(join(dataDir, 'PG_VERSION'), 'utf8')).toBe('15\n');
  });

  test('S1: a tar that would lead elsewhere leaves the folder empty', async () => {
    const folder = join(scene.root, 'hostile');
    cpSync(scene.base.folder, folder, { recursive: true });
    const script = `zstd -dcq base.tar.zst > b.tar; ln -s /etc out; tar --format=ustar -rf b.tar out
      echo a > a; tar --format=ustar -P -rf b.tar --transform=s,^,../../escaped-, a; zstd -qf b.tar -o base.tar.zst`;
    execFileSync('sh', ['-ec', script], { cwd: folder, stdio: 'pipe' });
    const dataDir = scene.newDataDir();
    await expect(unpacking(dataDir, { folder })).rejects.toMatchObject({ type: 'VerificationFailed' });
    expect(readdirSync(dataDir)).toEqual([]);
  });

  test('tablespaces need a folder each, and get it', async () => {
    const { cluster, walFolder, account } = scene;
    const space = join(cluster.dataDir, '..', 'space');
    await mkdir(space);
    await giveToServer(space);
    await cluster.psql(`CREATE TABLESPACE fast LOCATION '${space}'`);
    await cluster.psql('CREATE TABLE elsewhere TABLESPACE fast AS SELECT 42 AS answer');
    const base = await backUpBase(cluster, scene.root, {
      runId: 'spaces',
      takenAt: new Date(Date.now() + 60_000),
    });
    const target = { folder: base.folder, metadata: base.metadata };
    const dataDir = scene.newDataDir();
    await expect(unpacking(dataDir, target)).rejects.toMatchObject(
      refused(/no folder was given for tablespace "fast"/),
    );
    const [oid = 0] = base.metadata.tablespaces.map((each) => each.oid);
    const inside = new Map([[oid, join(dataDir, 'x')]]);
    await expect(unpacking(dataDir, { ...target, tablespaceFolders: inside })).rejects.toMatchObject(
      refused(/one lies in another/),
    );
    const folder = scene.newDataDir();
    await unpacking(dataDir, { ...target, tablespaceFolders: new Map([[oid, folder]]) });
    const { server } = await scene.recover(
      { kind: 'immediate' },
      { dataDir, base: toRecover(base.metadata), walFolder, account },
    );
    try {
      expect(await ask(scene, server, 'SELECT answer FROM elsewhere')).toBe('42');
      expect(await ask(scene, server, `SELECT pg_tablespace_location(${oid})`)).toBe(folder);
    } finally {
      await stopServer(dataDir);
    }
  });
});
