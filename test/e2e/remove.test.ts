import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { baseRepository } from '../../src/repository/base/base-repository.js';
import { localRepository } from '../../src/repository/local/local-repository.js';
import type { Repository } from '../../src/repository/repository.js';
import { bundleChild, type Child } from '../repository/support/child.js';
import { publishSample } from '../repository/support/publication.js';
import { baseMetadata, storeBase } from '../repository/support/stored-base.js';
import { createWorkplace, type Workplace } from '../support/holdfast.js';
import { typedOnTerminal } from '../support/on-terminal.js';

let place: Workplace;
let repository: Repository;
let child: Child;
let [older, newest] = ['', ''];

beforeAll(async () => {
  child = await bundleChild();
});

afterAll(() => child.remove());

beforeEach(async () => {
  place = await createWorkplace({});
  repository = localRepository(place.backupDir, 'default');
  await repository.prepare();
  older = await publishSample(repository, { timestamp: '20250301_120000', globals: 'roles' });
  newest = await publishSample(repository, { timestamp: '20250302_120000' });
  return () => place[Symbol.asyncDispose]();
});

const files = () => readdirSync(join(place.backupDir, 'full')).sort();
const ofOlder = () => files().filter((name) => name.startsWith(older));
const expectRefused = async (args: string[], words: string, exitCode = 1) => {
  const before = files();
  const { stderr, ...end } = await place.run('remove', ...args);
  expect(end).toEqual({ exitCode, stdout: '' });
  expect(stderr).toContain(words);
  expect(files()).toEqual(before);
};

test('one backup goes with all its files, and what that freed is told', async () => {
  const { stdout, exitCode } = await place.run('remove', 'oldest', 'shop', '--yes');
  expect(exitCode).toBe(0);
  expect(stdout.split('\n')).toEqual([
    expect.stringMatching(new RegExp(`^✓ removed ${older}: 3 files, [\\d.]+ [kK]B freed$`)),
    ...['.sql.gz', '.globals.sql.gz', '.meta'].map((suffix) => `  full/${older}${suffix}`),
  ]);
  expect(files()).toEqual([`${newest}.meta`, `${newest}.sql.gz`]);
  await expectRefused([older, '--yes'], `newest of that database: ${newest}`);
});

test('the newest verified backup of a database goes only when that is said', async () => {
  await expectRefused(['latest', 'shop', '--yes'], 'it is the newest verified backup of database "shop"');
  const other = await publishSample(repository, { database: 'erp', timestamp: '20250303_120000' });
  await expectRefused([other, '--yes'], 'back that up first; or add --newest');
  const removed = await place.json<{ id: string; freedBytes: number }>('remove', newest, '--newest', '-y');
  expect(removed).toEqual({
    id: newest,
    removed: [
      { file: `full/${newest}.sql.gz`, sizeBytes: 6 },
      { file: `full/${newest}.meta`, sizeBytes: removed.freedBytes - 6 },
    ],
    freedBytes: expect.any(Number),
  });
});

test('what is kept by hand, or read by a restore, stays and says why', async () => {
  const { runId, ...lease } = { workflowId: 'restore/default/shop', runId: 'run-9', validMs: 3_600_000 };
  await place.run('keep', older, '--reason', 'audit');
  await expectRefused([older, '--yes'], `let go of it first: holdfast release ${older}`);
  await place.run('release', older);
  await repository.lease({ ...lease, runId, backupId: older });
  await expectRefused([older, '--yes'], 'restore/default/shop reads it');
  await repository.removePartials(runId);
  expect(await place.run('remove', older, '--yes')).toMatchObject({ exitCode: 0 });
});

test('a terminal is asked for the id; without one --yes is needed', async () => {
  await expectRefused([older], 'add --yes', 2);
  const asked = (keys: string): [string, string] => [`for good (${older}): `, keys];
  const wrong = await typedOnTerminal(place, ['remove', older], ['y\n', 'yes\n', 'shop\n'].map(asked));
  expect(wrong).toMatchObject({ exitCode: 1, shown: expect.stringContaining('its id was not typed') });
  expect(ofOlder()).toHaveLength(3);
  const right = await typedOnTerminal(place, ['remove', older], [asked('shop\n'), asked(`${older}\n`)]);
  expect(right).toMatchObject({ exitCode: 0, shown: expect.stringContaining(` removed ${older}: 3 files`) });
  expect(ofOlder()).toEqual([]);
});

test('what is the last backup by the time its id is typed stays', async () => {
  const answer: [string, string] = [`for good (${older}): `, ''];
  // Looked at only once something is on the terminal, which is the question.
  Object.defineProperty(answer, 1, {
    get: () => {
      rmSync(join(place.backupDir, 'full', `${newest}.meta`), { force: true });
      return `${older}\n`;
    },
  });
  const { exitCode, shown } = await typedOnTerminal(place, ['remove', older], [answer]);
  expect({ exitCode, shown }).toMatchObject({
    exitCode: 1,
    shown: expect.stringContaining('it is the newest verified backup'),
  });
  expect(ofOlder()).toHaveLength(3);
});

test('a damaged backup goes by its id, and so does what a killed removal has left', async () => {
  const full = join(place.backupDir, 'full');
  writeFileSync(join(full, `${older}.meta`), '');
  expect(await place.json('remove', older, '--yes')).toMatchObject({ removed: { length: 3 } });
  for (const point of ['remove:after-unlisting', 'remove:after-decision', 'remove:after-artifact']) {
    const id = await publishSample(repository, { timestamp: '20250201_120000', globals: 'roles' });
    const order = { verb: 'remove', root: repository.root, id } as const;
    expect(await child.run(order, { env: { HOLDFAST_FAILPOINT: point } })).toMatchObject({
      signal: 'SIGKILL',
    });
    expect(await place.json('remove', id, '--yes'), point).toMatchObject({ id });
    expect(files().filter((name) => name.includes(id))).toEqual([]);
  }
});

test('a base backup goes whole, by its id or folder: not the newest of a cluster, nor one that is read', async () => {
  const bases = baseRepository(place.backupDir, 'default');
  await bases.prepare();
  const [old, last, ofOther] = ['base_20250301_120000', 'base_20250302_120000', 'base_20250303_120000'];
  for (const id of [old, last]) await storeBase(bases, baseMetadata(id));
  await storeBase(bases, baseMetadata(ofOther, 'run-1', { system_identifier: '1' }));
  const left = () => readdirSync(bases.folder).sort();
  for (const id of [last, ofOther])
    await expectRefused([id, '--yes'], 'it is the newest base backup of its cluster');
  const lease = { workflowId: 'recover/default', runId: 'run-9', validMs: 3_600_000 };
  await bases.lease({ ...lease, backupId: old });
  await expectRefused([old, '--yes'], 'recover/default reads it');
  await bases.removePartials('run-9');
  await expectRefused([old], 'add --yes', 2);
  const { stdout } = await place.run('remove', old, '--yes');
  expect(stdout).toMatch(
    new RegExp(`^✓ removed ${old}: 2 files, .* freed\\n  incremental/${old}/base.meta\\n`),
  );
  expect(left()).toEqual([last, ofOther]);
  await expectRefused([old, '--yes'], 'list those that exist with: holdfast info');
  expect(await place.json('remove', `incremental/${ofOther}`, '--newest', '--yes')).toMatchObject({
    id: ofOther,
  });
  rmSync(join(bases.folder, last, 'base.meta'));
  expect(await place.json('remove', join(bases.folder, last), '--yes')).toMatchObject({ id: last });
  for (const name of [old, `.partial-removal-of-${last}-1`]) mkdirSync(join(bases.folder, name));
  for (const id of [old, last]) expect(await place.json('remove', id, '-y')).toMatchObject({ removed: [] });
  expect(left()).toEqual([]);
});

test('a backup elsewhere, and one with a symbolic link in it, are refused', async () => {
  await expectRefused(['/tmp/base_20250301_120000', '--yes'], 'name it by its id', 2);
  const elsewhere = localRepository(join(place.folder, 'elsewhere'), 'default');
  await elsewhere.prepare();
  const { path } = await elsewhere.find(await publishSample(elsewhere));
  await expectRefused([path, '--yes'], `it is outside the repository ${place.backupDir}`, 2);
  symlinkSync('/etc/hostname', join(place.backupDir, 'full', `${older}.sql.zst`));
  await expectRefused([older, '--yes'], 'symbolic link', 2);
});
