import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drillOwner } from '../../activities/drill/step.js';
import type { Status } from '../../src/cli/status/telling.js';
import type { DrillResult } from '../../src/domain/drill/contracts.js';
import { formatMark } from '../../src/domain/restore/database-mark.js';
import { makeScratchCluster } from '../../src/postgres/recovery/scratch-cluster.js';
import { readDrills } from '../../src/repository/drill-memory.js';
import { type Cluster, startCluster } from '../support/cluster.js';
import { createWorkplace, type Workplace } from '../support/holdfast.js';
import { giveToServer } from '../support/template-data-dir.js';
import { startTemporal, type TemporalServer } from '../support/temporal.js';

let cluster: Cluster;
let scratch: Cluster;
let temporal: TemporalServer;
let place: Workplace;
let backupDir: string;
/** Folder of a tablespace. */
let space: string;

beforeAll(async () => {
  cluster = await startCluster({
    settings: { wal_level: 'replica', archive_mode: 'on', max_wal_senders: '5' },
  });
  scratch = await startCluster();
  temporal = await startTemporal();
  backupDir = join(dirname(cluster.dataDir), 'backups');
  const env = { ...cluster.env, ...temporal.env, BACKUP_DIR: backupDir, PG_BIN_DIR: cluster.binDir };
  place = await createWorkplace(env);
  for (const name of ['shop', 'crm "one"']) {
    await cluster.createDatabase(name);
    await cluster.psql('CREATE TABLE orders AS SELECT generate_series(1, 1000) AS id', name);
  }
  space = join(dirname(cluster.dataDir), 'space');
  await mkdir(space);
  await giveToServer(space);
  await cluster.psql(`CREATE TABLESPACE fast LOCATION '${space}'`);
  await cluster.psql('ALTER TABLE orders SET TABLESPACE fast', 'crm "one"');
  await cluster.psql("GRANT CONNECT ON DATABASE shop TO pg_monitor; COMMENT ON DATABASE shop IS 'the shop'");
  expect(await place.run('wal', 'setup', '--apply')).toMatchObject({ exitCode: 0 });
  expect(await place.run('wal')).toMatchObject({ exitCode: 0 });
  for (const name of ['shop', 'crm "one"'])
    expect(await place.run('backup', name)).toMatchObject({ exitCode: 0 });
  await cluster.psql('INSERT INTO orders VALUES (1001)', 'shop');
  expect(await place.run('wal')).toMatchObject({ exitCode: 0 });
});

afterAll(async () => {
  await place[Symbol.asyncDispose]();
  await temporal[Symbol.asyncDispose]();
  await scratch[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

const settings = (yaml: string) => writeFile(join(place.folder, 'holdfast.yaml'), yaml);

const databasesOf = (server: Cluster) =>
  server.psql('SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1');

async function drill(...args: string[]): Promise<{ exitCode: number | undefined; result: DrillResult }> {
  const { exitCode, stdout, stderr } = await place.run('--json', 'drill', ...args);
  if (!stdout) throw new Error(`the drill printed nothing: ${stderr}`);
  return { exitCode, result: JSON.parse(stdout) as DrillResult };
}

test('drill --all proves every database and a point in time, and leaves nothing of them', async () => {
  const before = await databasesOf(cluster);
  const { exitCode, result } = await drill('--all');
  expect(result.outcomes.map(({ error }) => error)).toEqual([null, null, null]);
  expect(exitCode).toBe(0);
  expect(result).toMatchObject({
    totals: { drilled: 3, failed: 0 },
    noPointInTimeBecause: null,
    warnings: [],
  });
  expect(result.secondsPerGb).toBeGreaterThan(0);
  const [crm, shop, pointInTime] = result.outcomes;
  expect(crm).toMatchObject({ database: 'crm "one"', on: 'default', proof: { tables: 1, rows: 1000 } });
  expect(shop).toMatchObject({
    database: 'shop',
    proof: { tables: 1, rows: 1000, assertions: 0 },
    warnings: [],
  });
  // What was written after the backup is in the WAL.
  expect(pointInTime).toMatchObject({
    ...{ database: null, backup: { id: expect.stringMatching(/^base_/) } },
    proof: { rows: null, recovered: { databases: 2, segments: expect.any(Number) } },
  });
  expect(await databasesOf(cluster)).toBe(before);
  expect(await readdir(join(backupDir, 'incremental', '.drill'))).toEqual([]);
  expect((await readdir(join(backupDir, 'full'))).filter((name) => name.startsWith('.partial'))).toEqual([]);
});

test('the next drill removes what one that was ended hard has left, and nothing of anybody else’s', async () => {
  const before = await databasesOf(cluster);
  const of = drillOwner({ name: 'default', host: hostname(), repositoryPath: backupDir });
  const mark = { kind: 'drill', target: 'shop', runId: 'gone', comment: null } as const;
  const left: [string, string | null][] = [
    ['shop__drill_1', formatMark({ ...mark, of })],
    ['shop__drill_2', formatMark({ ...mark, of: 'another-one' })],
    ['shop__drill_3', null],
  ];
  for (const [name, comment] of left) {
    await cluster.createDatabase(name);
    if (comment !== null) await cluster.psql(`COMMENT ON DATABASE ${name} IS '${comment}'`);
  }
  const parent = join(backupDir, 'incremental', '.drill');
  await makeScratchCluster(parent, 'left', of, undefined);
  await makeScratchCluster(parent, 'kept', 'another-one', undefined);
  const { exitCode, result } = await drill('crm "one"');
  expect(exitCode).toBe(0);
  expect(result.warnings).toEqual([
    'shop__drill_1 was left of an earlier drill, and is removed',
    `${join(parent, 'drill_left')} was left of an earlier drill, and is removed`,
  ]);
  expect(await readdir(parent)).toEqual(['drill_kept']);
  for (const name of ['shop__drill_2', 'shop__drill_3']) await cluster.psql(`DROP DATABASE ${name}`);
  expect(await databasesOf(cluster)).toBe(before);
});

test('a drill’s report has every restore, and what is remembered shows the trend', async () => {
  const { result } = await drill('shop');
  expect(result.outcomes).toMatchObject([{ database: 'shop', error: null }]);
  expect(result.noPointInTimeBecause).toBeNull();
  const report = JSON.parse(await readFile(result.reportPath ?? '', 'utf8')) as { entries: object };
  expect(report).toMatchObject({ cluster: 'default', totals: { drilled: 1, failed: 0 } });
  expect(report.entries).toEqual({ shop: result.outcomes[0] });
  const remembered = await readDrills(backupDir);
  expect(remembered.map(({ database, drills }) => [database, drills.length])).toEqual([
    ['crm "one"', 2],
    ['shop', 2],
    [null, 1],
  ]);
  expect(remembered[1]?.drills[1]).toMatchObject({ ok: true, rows: 1000, error: null });
});

test('an assertion that does not hold fails its drill with 5 and no other, and what is told says so', async () => {
  await settings(`clusters:
  default:
    databases:
      shop: {assertions: [{name: enough, sql: "SELECT count(*) > 5000 FROM orders"}]}
`);
  const { exitCode, stdout, stderr } = await place.run('drill', '--all');
  expect(exitCode).toBe(5);
  expect(stderr).toContain('assertion "enough": found f, expected true');
  expect(stdout).toContain('crm "one"');
  expect(stdout).toMatch(/[12] of 3 restores proven/);
  const status = await place.json<Pick<Status, 'work'>>('status');
  const [told] = status.work?.lastOutcomes.filter(({ type }) => type === 'drillCluster') ?? [];
  expect(told?.cause).toMatch(/^[12] of 3 restores failed, as shop: .*assertion "enough"/);
});

test('drill --to proves a named instant beside a live tablespace, and refuses what it can not', async () => {
  const now = () => cluster.psql(`SELECT to_char(now(), 'YYYY-MM-DD"T"HH24:MI:SS.US') || '+00:00'`);
  const rows = await cluster.psql('SELECT count(*) FROM orders', 'crm "one"');
  const then = await now();
  await cluster.psql('INSERT INTO orders VALUES (0)', 'crm "one"');
  expect(await place.run('wal')).toMatchObject({ exitCode: 0 });
  await cluster.psql('UPDATE orders SET id = id + 1; CHECKPOINT', 'crm "one"');
  await settings(`clusters:
  default:
    databases:
      crm "one": {assertions: [{name: then, sql: "SELECT count(*) = ${rows} FROM orders"}]}
`);
  const seen = async () =>
    await Promise.all(
      (await readdir(space, { recursive: true })).map(async (name) => {
        const { mtimeMs, size } = await stat(join(space, name));
        return [name, mtimeMs, size];
      }),
    );
  const before = await seen();
  const { exitCode, result } = await drill('--to', then);
  expect(result.outcomes).toMatchObject([
    {
      ...{ database: null, error: null },
      proof: { assertions: 1, recovered: { target: expect.stringContaining(then.slice(11, 26)) } },
    },
  ]);
  expect(exitCode).toBe(0);
  expect(await seen()).toEqual(before);
  expect((await drill('--to', 'latest')).result.outcomes[0]?.error?.message).toContain('"crm "one": then"');

  const refused = (...args: string[]) => place.run('drill', ...args);
  expect(await refused('--to', '2001-01-01T00:00Z')).toMatchObject({
    exitCode: 2,
    stderr: expect.stringMatching(/what can be recovered to is from .* to /),
  });
  expect(await refused('--to', 'yesterday')).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('is no time'),
  });
  expect(await refused('shop', '--to', then)).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('holdfast drill --to TIME'),
  });
});

test('a drill on another cluster’s server makes nothing on production’s, and says what that server lacks', async () => {
  await cluster.psql('CREATE ROLE clerk; GRANT SELECT ON orders TO clerk', 'shop');
  expect(await place.run('backup', 'shop')).toMatchObject({ exitCode: 0 });
  const on = (more: string) =>
    settings(`clusters:
  default: {drill: {on: scratch${more}}}
  scratch: {connection: {host: "${scratch.socketDir}", port: ${scratch.port}, user: postgres}}
`);
  await on('');
  const lacking = await drill('shop');
  expect(lacking.exitCode).toBe(5);
  expect(lacking.result.outcomes[0]?.error).toMatchObject({
    type: 'RoleMissing',
    message: expect.stringContaining('clerk'),
  });
  const told = await place.run('drill', 'shop');
  expect(told.stderr).toMatch(/✗ shop .*clerk.*\n {2}→ .*set drill\.globals in holdfast\.yaml/);
  await on(', globals: true');
  const before = await cluster.psql("SELECT xact_commit FROM pg_stat_database WHERE datname = 'shop'");
  const { exitCode, result } = await drill('shop');
  expect(result.outcomes).toMatchObject([{ on: 'scratch', error: null, proof: { rows: 1001 } }]);
  expect(exitCode).toBe(0);
  expect(before).not.toBe('');
  expect(await databasesOf(scratch)).toBe('postgres');
  expect(await scratch.psql("SELECT count(*) FROM pg_roles WHERE rolname = 'clerk'")).toBe('1');
});
