import { copyFile, readFile, rename, truncate, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BackupMetadata } from '../../src/domain/backup/metadata.js';
import {
  changeTarget,
  copyAsOf,
  filesOf,
  olderBackup,
  rewriteMetadata,
  strayDatabases,
  targetIs,
} from './support/restoring.js';
import { database, patience, type Scene } from './support/scene.js';
import { openStage, type Stage } from './support/stage.js';

let stage: Stage;
/** One for all: what is refused changes nothing. */
let scene: Scene;
let id: string;
beforeAll(async () => {
  stage = await openStage();
  scene = await stage.open();
  await changeTarget(scene);
  await scene.startWorker();
  id = (await olderBackup(scene)).id;
});
afterAll(async () => {
  await scene[Symbol.asyncDispose]();
  await stage[Symbol.asyncDispose]();
});

/** Restores over the target, which must be refused with that exit code and left as it was. */
async function refused(exitCode: number, cause: RegExp, what: string, backup = id) {
  const end = await scene.start('restore', backup, database, '--yes').end;
  expect(end.exitCode, `${what}: ${end.stderr}`).toBe(exitCode);
  expect(end.stderr, what).toMatch(cause);
  expect(end.stderr, what).not.toContain('attempt 2');
  expect(await strayDatabases(scene), what).toBe('');
  expect(await targetIs(scene), what).toBe('changed since');
  return end;
}

type Damage = (path: string) => Promise<void>;

const flipped: Damage = async (path) => {
  const bytes = await readFile(path);
  const middle = Math.floor(bytes.length / 2);
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  await writeFile(path, bytes);
};
const truncated: Damage = async (path) => truncate(path, Math.floor((await readFile(path)).length / 2));
const emptied: Damage = (path) => truncate(path, 0);

test(
  'K1: an artifact or metadata that was flipped, truncated or emptied is refused with 5, and the target is untouched',
  patience,
  async () => {
    let end: Awaited<ReturnType<typeof refused>> | undefined;
    for (const kind of ['artifact', 'metadata'] as const) {
      const path = filesOf(scene, id)[kind];
      const whole = await readFile(path);
      for (const damage of [flipped, truncated, emptied]) {
        await damage(path);
        end = await refused(5, new RegExp(`✗ .*${id}`), `${damage.name} ${kind}`);
      }
      await writeFile(path, whole);
    }
    if (end) await scene.invariants.check(end, { exitCode: 5, cause: /metadata|read backup/ });
  },
);

test(
  'K2: a backup with the artifact, the metadata or all files of another is refused with 5',
  patience,
  async () => {
    // Other content of the same length, so that only the checksum tells.
    const other = await copyAsOf(scene, id, '20250101_000000');
    await flipped(filesOf(scene, other).artifact);
    const exchanges: [string, ('artifact' | 'metadata')[]][] = [
      ['artifacts', ['artifact']],
      ['metadata', ['metadata']],
      ['all files', ['artifact', 'metadata']],
    ];
    let end: Awaited<ReturnType<typeof refused>> | undefined;
    for (const [what, kinds] of exchanges) {
      for (const kind of kinds) await exchange(filesOf(scene, id)[kind], filesOf(scene, other)[kind]);
      end = await refused(5, new RegExp(`✗ .*${id}`), what);
      for (const kind of kinds) await exchange(filesOf(scene, id)[kind], filesOf(scene, other)[kind]);
    }
    await rename(filesOf(scene, other).artifact, `${scene.place.folder}/artifact`);
    await rename(filesOf(scene, other).metadata, `${scene.place.folder}/metadata`);
    if (end) await scene.invariants.check(end, { exitCode: 5, cause: /backup_file/ });
  },
);

test(
  'what the server lacks for a backup, and a name it would cut, are refused with 2 before anything is created',
  patience,
  async () => {
    const { metadata } = filesOf(scene, id);
    const whole = await readFile(metadata);
    const lacks: [string, (metadata: BackupMetadata) => void, RegExp][] = [
      [
        'an extension',
        ({ properties }) =>
          properties.extensions.push({ name: 'antigravity', version: '1', schema: 'public' }),
        /the server has not the extension "antigravity"/,
      ],
      [
        'a role',
        ({ properties }) => Object.assign(properties, { owner: 'nobody_here' }),
        /no role "nobody_here"/,
      ],
      [
        'a newer major version',
        (fields) => Object.assign(fields, { pg_version: '99.1' }),
        /the backup is of PostgreSQL 99\.1, and the server is 15/,
      ],
    ];
    let end: Awaited<ReturnType<typeof refused>> | undefined;
    for (const [what, change, cause] of lacks) {
      await rewriteMetadata(scene, id, change);
      end = await refused(2, cause, what);
      await writeFile(metadata, whole);
    }
    if (end) await scene.invariants.check(end, { exitCode: 2, cause: /99\.1/ });
    // PostgreSQL would cut it to 63 bytes, which may be another database's name.
    const long = await scene.start('restore', id, `${'→'.repeat(21)}x`).end;
    expect(long).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('the name has 64 bytes') });
    expect(await strayDatabases(scene)).toBe('');
  },
);

test(
  'a role that only the dump itself names is refused with 2 before anything is created',
  patience,
  async () => {
    await scene.cluster.psql(
      'CREATE ROLE leaver; CREATE TABLE desk (); ALTER TABLE desk OWNER TO leaver',
      database,
    );
    const made = await scene.place.json<{ backup: { id: string } }>('backup', database);
    await scene.invariants.age();
    await scene.cluster.psql('DROP TABLE desk; DROP ROLE leaver', database);
    const end = await refused(2, /no role "leaver"/, 'a role of the dump', made.backup.id);
    await scene.invariants.holdRestored(end, { exitCode: 2, cause: /leaver/ });
  },
);

async function exchange(one: string, other: string): Promise<void> {
  await copyFile(one, `${one}.aside`);
  await rename(other, one);
  await rename(`${one}.aside`, other);
}
