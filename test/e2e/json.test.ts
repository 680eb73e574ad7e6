import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { FullBackupResult } from '../../src/domain/backup/contracts.js';
import type { BackupSummary } from '../../src/domain/backup/metadata.js';
import type { RestoreResult } from '../../src/domain/restore/contracts.js';
import { type Cluster, startCluster } from '../support/cluster.js';
import { holdfastPath } from '../support/holdfast.js';
import { documentedJson, fieldsOf, undocumented, unseen } from '../support/json-fields.js';
import { patience } from '../support/patience.js';
import { createServedWorkplace, type ServedWorkplace } from '../support/served-workplace.js';
import { giveToServer } from '../support/template-data-dir.js';
import { untilWaiting } from '../support/until-waiting.js';

const page = await readFile(fileURLToPath(new URL('../../docs/json.md', import.meta.url)), 'utf8');
const documented = documentedJson(page);
const commands = documented.filter(({ title }) => title === 'Errors' || title.startsWith('holdfast '));

const recipes = [...page.matchAll(/^```sh\n(.*?)^```/gms)].map(([, recipe = '']) => recipe);
const hasJq = (await execa('jq', ['--version'], { reject: false })).exitCode === 0;
/** Run by the tests of their own alone. */
const notRun = ['holdfast init --yes', 'holdfast wal stream'];

let cluster: Cluster;
let place: ServedWorkplace;
let hook: Server;
/** Every document that was printed, by the heading under which it is documented. */
const printed = new Map<string, unknown[]>();
const backupDir = () => join(dirname(cluster.dataDir), 'backups');
const never = { cron: '0 2 29 2 *', jitterSeconds: 0 };

/** Runs a command, and keeps what it prints for what is documented under `title`. */
async function keep<T>(title: string, args: string[], exitCodes = [0]): Promise<T> {
  const { exitCode, stdout, stderr } = await place.run('--json', ...args);
  expect(exitCodes, `holdfast ${args.join(' ')}: ${stderr}`).toContain(exitCode);
  const told = JSON.parse(stdout) as T;
  printed.set(title, [...(printed.get(title) ?? []), told]);
  return told;
}

beforeAll(async () => {
  cluster = await startCluster({
    settings: { wal_level: 'replica', archive_mode: 'on', max_wal_senders: '5' },
  });
  hook = createServer((_, response) => response.end()).listen(0, '127.0.0.1');
  await once(hook, 'listening');
  const { port } = hook.address() as AddressInfo;
  const folder = dirname(cluster.dataDir);
  place = await createServedWorkplace(
    {
      ...cluster.env,
      ...{ BACKUP_DIR: backupDir(), PG_BIN_DIR: cluster.binDir, MIN_DISK_SPACE_GB: '0' },
      ALERT_ENDPOINT: `http://127.0.0.1:${port}/`,
    },
    JSON.stringify({
      clusters: { default: { schedules: { full: never, wal: never, monitor: never, drill: never } } },
    }),
  );
  await mkdir(join(folder, 'recovered'));
  await giveToServer(join(folder, 'recovered'));
  await cluster.createDatabase('shop');
  await cluster.psql('CREATE TABLE orders AS SELECT generate_series(1, 1000) AS id', 'shop');
  await watchOver();
  const { backup } = await backUp();
  await restore(backup.id);
  await recover(join(folder, 'recovered', 'main'));
  await drillAndLook();
  await lookAt(backup.id);
});

afterAll(async () => {
  hook.close();
  await place[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

async function watchOver(): Promise<void> {
  await keep('holdfast config show', ['config', 'show']);
  await keep('holdfast wal setup', ['wal', 'setup', '--apply']);
  await keep('holdfast schedule apply', ['schedule', 'apply']);
  await keep('holdfast schedule apply', ['schedule', 'apply', '--dry-run']);
  await keep('holdfast schedule pause, resume, remove', ['schedule', 'pause', '--all']);
  await keep('holdfast schedule pause, resume, remove', ['schedule', 'resume', '--all']);
  await keep('holdfast schedule trigger', ['schedule', 'trigger', 'wal', '--wait']);
  await keep('holdfast schedule backfill', [
    ...['schedule', 'backfill', 'monitor', '--from', '2024-02-29T00:00Z', '--to', '2024-03-01T00:00Z'],
  ]);
  await keep('holdfast alert test', ['alert', 'test']);
}

async function backUp(): Promise<FullBackupResult> {
  const result = await keep<FullBackupResult>('holdfast backup DATABASE', ['backup', 'shop']);
  await keep('holdfast … --detach', ['backup', 'shop', '--detach']);
  await vi.waitUntil(async () => (await place.run('backup', 'shop')).exitCode === 0, patience);
  await keep('holdfast backup --all', ['backup', '--all']);
  return result;
}

async function restore(id: string): Promise<void> {
  await keep('holdfast restore --preview', ['restore', '--preview', id, 'shop']);
  const first = await keep<RestoreResult>('holdfast restore', ['restore', id, 'shop', '--yes']);
  await keep('holdfast restore undo, confirm', ['restore', 'undo', first.previous?.name ?? '']);
  const waiting = place.start(['--json', 'restore', id, 'shop', '--reason', 'seen']);
  await untilWaiting(place.temporal.client, 'shop');
  await keep('holdfast approvals', ['approvals']);
  await keep('holdfast status', ['status']);
  await keep('holdfast approve, reject', ['reject', 'shop', '--reason', 'not now']);
  const { exitCode, stdout } = await waiting;
  expect(exitCode).toBe(6);
  printed.set('Errors', [JSON.parse(stdout)]);
}

async function recover(dataDir: string): Promise<void> {
  await cluster.psql('INSERT INTO orders VALUES (0)', 'shop');
  await keep('holdfast wal', ['wal', '--base']);
  const to = ['restore', '--to', 'latest', '--data-dir', dataDir];
  await keep('holdfast restore --target-time --preview', [...to, '--preview']);
  await keep('holdfast restore --target-time', to);
}

async function drillAndLook(): Promise<void> {
  await keep('holdfast drill', ['drill', '--all']);
  await keep('holdfast monitor', ['monitor'], [0, 5]);
  await keep('holdfast schedule list', ['schedule', 'list']);
  await keep('holdfast status', ['status']);
  await keep('holdfast doctor', ['doctor'], [0, 1, 2, 3, 4, 5]);
}

/** Last of all, with metadata that stands for no backup, and one that is kept by hand. */
async function lookAt(id: string): Promise<void> {
  await keep('holdfast keep, release', ['keep', id, '--reason', 'seen']);
  await keep('holdfast keep, release', ['keep', id]);
  await keep('holdfast verify', ['verify', id]);
  const damaged = join(backupDir(), 'full', 'shop_full_20200101_000000.meta');
  await writeFile(damaged, '');
  await keep('holdfast verify', ['verify', '--all'], [5]);
  await keep('holdfast list', ['list']);
  await keep('holdfast info', ['info']);
  await keep('holdfast show', ['show', id]);
  await keep('holdfast metrics', ['metrics']);
  await keep('holdfast status', ['status']);
  await keep('holdfast remove', ['remove', 'shop_full_20200101_000000', '--yes']);
  await keep('holdfast expire', ['expire', '--dry-run']);
  await keep('holdfast keep, release', ['release', id]);
}

describe.each(commands)('$title', (command) => {
  test('its fields are the documented ones', () => {
    const told = printed.get(command.title) ?? [];
    const fields = new Set(told.flatMap((one) => [...fieldsOf(one)]));
    if (!notRun.includes(command.title)) expect(unseen(command, fields)).toEqual([]);
    expect(undocumented(command, fields)).toEqual([]);
  });

  test('its examples have no other fields', () => {
    for (const example of command.examples)
      expect(undocumented(command, fieldsOf(JSON.parse(example)))).toEqual([]);
  });
});

test('all that was printed is documented', () => {
  const titles = commands.map(({ title }) => title);
  expect([...printed.keys()].filter((title) => !titles.includes(title))).toEqual([]);
  expect(titles.filter((title) => !printed.has(title))).toEqual(notRun);
});

test('status tells people of the last drills', async () => {
  const { stdout } = await place.run('status');
  expect(stdout).toMatch(/^LAST DRILLS$/m);
  expect(stdout).toMatch(/^shop +default +\S.* +yes$/m);
  expect(stdout).toMatch(/^\(point in time\) +default +\S.* +yes$/m);
});

test.runIf(hasJq)('the recipes tell what they promise', async () => {
  const { backups } = await place.json<{ backups: BackupSummary[] }>('list');
  const databases = [...new Set(backups.map(({ database }) => database))].sort();
  const lines = (told: string) => told.split('\n').filter((line) => line !== '');
  const size = (name: string) =>
    backups.reduce((sum, { database, sizeBytes }) => sum + (database === name ? sizeBytes : 0), 0);
  const [ages = '', unverified = '', sizes = '', old = '', drilled = ''] = recipes;
  const hours = lines((await cook(ages)).stdout).map((line) => line.split(' '));
  expect(hours.map(([name]) => name)).toEqual(databases.map((name) => `default/${name}`));
  for (const [, age] of hours) expect(Number(age)).toBeLessThan(24);
  expect(lines((await cook(sizes)).stdout)).toEqual(databases.map((name) => `default/${name} ${size(name)}`));
  expect(await cook(drilled)).toMatchObject({ exitCode: 0, stdout: 'true' });
  expect((await cook(old)).stdout + (await cook(unverified)).stdout).toBe('');
  const id = await addOfScripts(backups[0]?.file ?? '');
  expect((await cook(old)).stdout).toBe(id);
  expect((await cook(unverified)).stdout).toBe('default/scripts');
  await rm(join(backupDir(), 'full', '.drills'), { recursive: true });
  expect(await cook(drilled)).toMatchObject({ exitCode: 1, stdout: 'false' });
});

test.for([
  [['show', 'nothing'], 1, 'BackupNotFound'],
  [['list', '--nonsense'], 2, 'ConfigurationInvalid'],
  [['list', '--cluster', 'nope'], 2, 'ConfigurationInvalid'],
] as const)('%j fails with an error in the place of the result', async ([args, exitCode, type]) => {
  const end = await place.run('--json', ...args);
  expect(end).toMatchObject({ exitCode, stderr: expect.stringContaining(args.at(-1) ?? '') });
  expect(JSON.parse(end.stdout)).toEqual({
    error: { type, exitCode, message: expect.any(String), remedy: expect.any(String) },
  });
});

/** Runs a recipe of the page by a shell that finds the built `holdfast`. */
function cook(recipe: string) {
  const { env, folder: cwd } = place;
  const script = `holdfast() { "$HOLDFAST_NODE" "$HOLDFAST_CJS" "$@"; }\n${recipe}`;
  const paths = { HOLDFAST_NODE: process.execPath, HOLDFAST_CJS: holdfastPath };
  const options = { env: { ...env, ...paths }, extendEnv: false, cwd, reject: false } as const;
  return execa('sh', ['-c', script], options);
}

/** An old backup as shell scripts leave it. Returns its id. */
async function addOfScripts(file: string): Promise<string> {
  const [id, full] = ['scripts_full_20200101_000000', join(backupDir(), 'full')];
  const bytes = await readFile(join(backupDir(), file));
  const taken = new Date('2020-01-01T00:00:00Z');
  await writeFile(join(full, `${id}.sql.gz`), bytes);
  await utimes(join(full, `${id}.sql.gz`), taken, taken);
  const metadata = {
    ...{ backup_file: `${id}.sql.gz`, database: 'scripts', timestamp: '20200101_000000' },
    ...{ size_bytes: bytes.length, size_human: '1K', duration_seconds: 1, pg_version: '15' },
    ...{ checksum: createHash('sha256').update(bytes).digest('hex'), compression_level: 6 },
  };
  await writeFile(join(full, `${id}.meta`), JSON.stringify(metadata));
  return id;
}
