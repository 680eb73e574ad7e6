import { copyFile, cp, mkdir, open, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { WaitingRun } from '../../src/cli/approval/waiting-runs.js';
import type { Status } from '../../src/cli/status/telling.js';
import type { FullBackupResult } from '../../src/domain/backup/contracts.js';
import type { RestoreResult, RestoreStatus } from '../../src/domain/restore/contracts.js';
import { obtainTemporal } from '../../src/temporal/embedded/obtain.js';
import { type Cluster, startCluster } from '../support/cluster.js';
import { dumpOf } from '../support/dump-of.js';
import { typedOnTerminal } from '../support/on-terminal.js';
import { createServedWorkplace, type ServedWorkplace } from '../support/served-workplace.js';
import { untilWaiting } from '../support/until-waiting.js';

let cluster: Cluster;
let place: ServedWorkplace;
let backup: FullBackupResult;
let count = 0;
/** A database that was changed since its backup. Tests share it until one of them spends it. */
let shop: string;
/** Whether the next test gets a database and a backup of its own, for this one changes them for good. */
let isSpent = true;

/** Databases that are restored by other rules than the rest. */
const settingsFile = `
clusters:
  default:
    databases:
      asserted:
        assertions:
          - {name: all orders, sql: SELECT count(*) FROM orders, expected: 10}
          - {name: no gap, sql: SELECT max(id) = count(*) FROM orders}
      vault2: {approval: {protected: true}}
      vault: {approval: {protected: true, deadlineMinutes: 30}}
`;

beforeAll(async () => {
  cluster = await startCluster({ settings: { max_prepared_transactions: '5' } });
  place = await createServedWorkplace(cluster.env, settingsFile);
});

afterAll(async () => {
  await place[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

beforeEach(async () => {
  if (!isSpent) return;
  shop = `shop ${++count}`;
  await cluster.createDatabase(shop);
  await cluster.psql(
    `CREATE TABLE orders AS SELECT n AS id, 'order ' || n AS note FROM generate_series(1, 1000) n;
     ALTER TABLE orders ADD PRIMARY KEY (id);
     COMMENT ON DATABASE "${shop}" IS 'the shop';
     ALTER DATABASE "${shop}" SET work_mem = '5MB'`,
    shop,
  );
  backup = await place.json<FullBackupResult>('backup', shop);
  await cluster.psql('DELETE FROM orders WHERE id > 10; CREATE TABLE extra ()', shop);
  isSpent = false;
});

afterEach(({ task }) => {
  if (task.result?.state === 'fail') isSpent = true;
});

function ordersIn(database: string): Promise<string> {
  return cluster.psql('SELECT count(*) FROM orders', database);
}

/** Every database of this test, the shop itself too. */
async function databases(): Promise<string[]> {
  const names = await cluster.psql(
    `SELECT datname FROM pg_database WHERE starts_with(datname, '${shop}') ORDER BY 1`,
  );
  return names.split('\n');
}

test('a restore over a live database proves, swaps, and can be undone once', async () => {
  isSpent = true;
  await cluster.psql(
    `ALTER DATABASE "${shop}" CONNECTION LIMIT 9; ALTER DATABASE "${shop}" SET work_mem = '7MB'; GRANT CREATE ON DATABASE "${shop}" TO pg_monitor`,
  );
  const result = await place.json<RestoreResult>('restore', backup.backup.id, shop, '--yes');
  expect(result).toMatchObject({ tables: 1, rows: 1000, approval: { outcome: 'approved' } });
  expect(result.refusedMs).not.toBeNull();
  expect(await ordersIn(shop)).toBe('1000');
  const previous = result.previous?.name ?? '';
  expect(await databases()).toEqual([shop, previous]);
  const settings = await cluster.psql(
    `SELECT shobj_description(oid, 'pg_database'), (SELECT setconfig FROM pg_db_role_setting WHERE setdatabase = oid)
     FROM pg_database WHERE datname = '${shop}'`,
  );
  expect(settings).toBe('the shop|{work_mem=5MB}');
  expect(JSON.parse(await readFile(result.summaryPath ?? '', 'utf8'))).toMatchObject({
    target: shop,
    rows: 1000,
  });
  expect(JSON.parse(await readFile(result.evidence.path, 'utf8'))).toMatchObject({
    digest: result.evidence.digest,
    evidence: {
      difference: { exact: true, rowsBefore: 10, rowsAfter: 1000, tablesGone: 1 },
      properties: [
        { property: 'connection limit', before: '9', after: 'none' },
        { property: 'setting work_mem', before: '7MB', after: '5MB' },
        { property: 'privileges of "pg_monitor"', before: 'CREATE', after: '–' },
      ],
    },
  });

  const undo = await place.run('restore', 'undo', previous, '--reason', 'wrong one');
  expect(undo).toMatchObject({ exitCode: 0, stderr: '' });
  expect(await ordersIn(shop)).toBe('10');

  for (const command of [['restore', 'undo'], ['restore', 'confirm'], ['approve']]) {
    const elsewhere = await place.run(...command, previous, '--cluster', 'nope');
    expect(elsewhere).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('cluster "nope"') });
  }
  const again = await place.run('restore', 'undo', previous);
  expect(again.exitCode).toBe(1);
  expect(again.stderr).toContain('undone already');
  const [undone = ''] = (await databases()).filter((name) => name.includes('__undone_'));
  const aside = await place.run('restore', 'undo', undone);
  expect(aside).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('what an undo put aside') });
});

test('a target that does not exist needs no approval, and is the same as what was backed up', async () => {
  isSpent = true;
  const target = `${shop} copy`;
  const result = await place.json<RestoreResult>('restore', '--latest', target, '--from', shop);
  expect(result).toMatchObject({ approval: null, previous: null, rows: 1000 });
  await cluster.psql(
    "INSERT INTO orders SELECT n, 'order ' || n FROM generate_series(11, 1000) n; DROP TABLE extra",
    shop,
  );
  expect(await dumpOf(cluster, target)).toBe(await dumpOf(cluster, shop));
});

test('K1 a flipped byte is refused with 5 before anything is created', async () => {
  const file = await open(backup.path, 'r+');
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, 200);
  await file.write(Buffer.from([(buffer[0] ?? 0) ^ 1]), 0, 1, 200);
  const { exitCode, stderr } = await place.run('restore', backup.backup.id, shop, '--yes');
  await file.write(buffer, 0, 1, 200);
  await file.close();
  expect(exitCode).toBe(5);
  expect(stderr).toContain(backup.path);
  expect(await databases()).toEqual([shop]);
  expect(await ordersIn(shop)).toBe('10');
});

test('a restore waits for approval, which comes from a second process', async () => {
  isSpent = true;
  const restoring = place.start(['restore', backup.backup.id, shop]);
  const id = `restore/default/${shop}`;
  await untilWaiting(place.temporal.client, shop);
  expect((await place.run('approvals')).stdout).toContain(id);
  expect(await ordersIn(shop)).toBe('10');

  const other = await place.run('approve', shop, '--evidence', 'f'.repeat(64));
  expect(other).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('other evidence') });
  expect(other.stderr).toContain('first 12 digits');
  const second = await place.run('restore', backup.backup.id, shop);
  expect(second).toMatchObject({ exitCode: 7, stderr: expect.stringContaining(id) });

  const approved = await place.run('approve', shop, '--reason', 'seen');
  expect(approved).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(`approved ${id}`) });
  expect(approved.stdout).toMatch(/holdfast restore undo '.*__before_\d{8}_\d{6}'/);
  expect(await ordersIn(shop)).toBe('1000');
  expect(await restoring).toMatchObject({ exitCode: 0 });
  const late = await place.run('approve', shop, '--reason', 'seen');
  expect(late).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('it is over: it has succeeded'),
  });
  const wrong = await place.run('restore', 'undo', shop);
  expect(wrong.stderr).toContain(`there are: 'keep-previous/default/${shop}__before_`);
  const gone = await place.run('restore', 'undo', 'x__before_20250607_080910');
  expect(gone.stderr).toContain('another server keeps it (TEMPORAL_ADDRESS)');
});

test('an approval after which the swap fails ends as the restore does', async () => {
  const restoring = place.start(['restore', backup.backup.id, shop]);
  await untilWaiting(place.temporal.client, shop);
  await cluster.psql("BEGIN; CREATE TABLE held (); PREPARE TRANSACTION 'held later'", shop);
  const approved = await place.run('approve', shop, '--reason', 'seen');
  await cluster.psql("ROLLBACK PREPARED 'held later'", shop);
  expect(approved).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('"held later"') });
  expect(approved.stdout).toContain('approved');
  expect(await restoring).toMatchObject({ exitCode: 1 });
  expect(await databases()).toEqual([shop]);
});

test('a protected target refuses --yes and its requester, and takes the approval of somebody else with a reason', async () => {
  await cluster.psql('DROP DATABASE IF EXISTS vault');
  await cluster.psql(`CREATE DATABASE vault TEMPLATE "${shop}"`);
  const hasty = await place.run('restore', backup.backup.id, 'vault', '--yes');
  expect(hasty).toMatchObject({ exitCode: 6, stderr: expect.stringContaining('the target is protected') });
  expect(await cluster.psql("SELECT count(*) FROM pg_database WHERE starts_with(datname, 'vault')")).toBe(
    '1',
  );

  // The worker's settings decide: the command's own say that nothing is protected.
  await writeFile(join(place.folder, 'lax.yaml'), 'version: 1\n');
  const restoring = place.start(['-c', 'lax.yaml', 'restore', backup.backup.id, 'vault']);
  await untilWaiting(place.temporal.client, 'vault');
  const own = await place.run('approve', 'vault', '--reason', 'mine');
  expect(own).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('somebody else must approve') });
  expect(own.stderr).toContain('Have another person approve it');

  const handle = place.temporal.client.workflow.getHandle('restore/default/vault');
  const { evidence } = await handle.query<RestoreStatus>('status');
  const decision = { approver: 'bob@elsewhere', reason: '', evidence: evidence?.digest };
  await expect(handle.executeUpdate('approve', { args: [decision] })).rejects.toThrow();
  await handle.executeUpdate('approve', { args: [{ ...decision, reason: 'ticket 4711' }] });
  expect(await restoring).toMatchObject({ exitCode: 0 });
  expect(await ordersIn('vault')).toBe('1000');
});

test('assertions are asked of the restored copy, and one that does not hold ends it with 5 before anybody is asked', async () => {
  await cluster.psql(`CREATE DATABASE asserted TEMPLATE "${shop}"`);
  await place.json('backup', 'asserted');
  const copied = ['restore', '--latest', 'asserted copy', '--from', 'asserted'];
  const result = await place.json<RestoreResult>(...copied);
  expect(result).toMatchObject({ assertions: 2, approval: null });
  expect(JSON.parse(await readFile(result.evidence.path, 'utf8'))).toMatchObject({
    evidence: {
      assertions: [
        { name: 'all orders', expected: '10', found: '10', ok: true },
        { name: 'no gap', expected: 'true', found: 't', ok: true },
      ],
    },
  });
  await cluster.psql('DELETE FROM orders WHERE id = 5', 'asserted');
  await place.json('backup', 'asserted');
  const failed = await place.run(...copied);
  expect(failed).toMatchObject({ exitCode: 5, stderr: expect.stringContaining('"all orders": found 9') });
  expect(failed.stderr).not.toContain('waits for');
  expect(await ordersIn('asserted copy')).toBe('10');
  const left = "SELECT count(*) FROM pg_database WHERE starts_with(datname, 'asserted copy')";
  expect(await cluster.psql(left)).toBe('1');
});

test('roles that the server lacks are named before loading, and created with --globals, those that exist left alone', async () => {
  isSpent = true;
  await cluster.psql(
    'CREATE ROLE keeper LOGIN; CREATE ROLE "odd ""clerk""" CREATEDB; CREATE ROLE crew; GRANT crew TO keeper',
  );
  await cluster.psql(
    'CREATE TABLE kept (); ALTER TABLE kept OWNER TO keeper; GRANT SELECT ON orders TO "odd ""clerk"""',
    shop,
  );
  const { id } = (await place.json<FullBackupResult>('backup', shop)).backup;
  await cluster.psql('DROP TABLE kept; REVOKE ALL ON orders FROM "odd ""clerk"""', shop);
  await cluster.psql('DROP ROLE keeper, "odd ""clerk"""; ALTER ROLE crew CREATEROLE');

  const target = `${shop} copy`;
  const { exitCode, stderr } = await place.run('restore', id, target);
  expect(exitCode).toBe(2);
  for (const part of ['"keeper"', 'odd', '--globals']) expect(stderr).toContain(part);
  expect(await databases()).toEqual([shop]);
  expect(await cluster.psql("SELECT count(*) FROM pg_roles WHERE rolname = 'keeper'")).toBe('0');

  const result = await place.json<RestoreResult>('restore', id, target, '--globals');
  expect(result.createdRoles).toEqual(['keeper', 'odd "clerk"']);
  const evidence = JSON.parse(await readFile(result.evidence.path, 'utf8'));
  expect(evidence).toMatchObject({ evidence: { createdRoles: result.createdRoles } });
  const roles = `SELECT string_agg(concat_ws(' ', rolname, rolcanlogin, rolcreatedb, rolcreaterole), ', ' ORDER BY rolname)
    FROM pg_roles WHERE rolname IN ('keeper', 'odd "clerk"', 'crew')`;
  expect(await cluster.psql(roles)).toBe('crew f f t, keeper t f f, odd "clerk" f t f');
  expect(await cluster.psql("SELECT tableowner FROM pg_tables WHERE tablename = 'kept'", target)).toBe(
    'keeper',
  );
});

test('a database that the server’s disk has no room for is refused with 4 before anything is made', async () => {
  const metadataPath = backup.path.replace(/\.sql\.gz$/, '.meta');
  const before = await readFile(metadataPath, 'utf8');
  const { metadata_checksum: _, ...fields } = JSON.parse(before);
  await writeFile(metadataPath, JSON.stringify({ ...fields, database_size_bytes_after: 2 ** 52 }));
  const { exitCode, stderr } = await place.run('restore', backup.backup.id, shop, '--yes');
  expect(exitCode).toBe(4);
  expect(stderr).toMatch(new RegExp(`${2 ** 52} bytes\\).* and .* \\(\\d+ bytes\\) are free`));
  expect(await databases()).toEqual([shop]);
  const { stdout } = await place.run('restore', '--preview', backup.backup.id, shop);
  expect(stdout).toContain('nothing was touched');
  await writeFile(metadataPath, before);
});

test('what stands against the swap is told before anybody is asked, and before loading where it stays', async () => {
  await cluster.psql(
    "CREATE SUBSCRIPTION s CONNECTION 'dbname=x' PUBLICATION p WITH (connect = false)",
    shop,
  );
  const early = await place.run('restore', backup.backup.id, shop);
  expect(early).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('subscription "s"') });
  expect(early.stderr).not.toContain('loading');
  const preview = await place.run('restore', '--preview', backup.backup.id, shop);
  expect(preview.stderr).toContain('subscription "s"');
  await cluster.psql('ALTER SUBSCRIPTION s SET (slot_name = NONE); DROP SUBSCRIPTION s', shop);

  await cluster.psql("BEGIN; CREATE TABLE held (); PREPARE TRANSACTION 'held'", shop);
  const late = await place.run('restore', backup.backup.id, shop);
  await cluster.psql("ROLLBACK PREPARED 'held'", shop);
  expect(late).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('prepared transaction "held"') });
  expect(late.stderr).not.toContain('waits for');
  expect(await databases()).toEqual([shop]);
});

test('a worker refuses to restore for a command that means another repository', async () => {
  const elsewhere = join(place.folder, 'elsewhere-data');
  await cp(place.backupDir, elsewhere, { recursive: true });
  const asked = place.start(['restore', backup.backup.id, shop, '--yes'], { BACKUP_DIR: elsewhere });
  expect(await asked).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('other settings') });
  expect(await databases()).toEqual([shop]);
});

test('a restore in place says that it can’t be undone, drops the target once approved, and leaves one database', async () => {
  isSpent = true;
  await cluster.psql('DROP DATABASE IF EXISTS vault2');
  await cluster.psql(`CREATE DATABASE vault2 TEMPLATE "${shop}"`);
  const barred = await place.run('restore', '--in-place', backup.backup.id, 'vault2');
  expect(barred).toMatchObject({ exitCode: 6, stderr: expect.stringContaining('protected') });
  const excluded = await place.run('restore', '--in-place', '--allow-unverified', backup.path, shop);
  expect(excluded).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--allow-unverified') });
  const preview = await place.run('restore', '--in-place', '--preview', backup.backup.id, shop);
  expect(preview.stdout).toContain('can NOT be undone');

  const restoring = place.start(['--json', 'restore', '--in-place', backup.backup.id, shop]);
  await untilWaiting(place.temporal.client, shop);
  expect(await ordersIn(shop)).toBe('10');
  expect(await place.run('approve', shop, '--reason', 'no room')).toMatchObject({
    exitCode: 0,
    stderr: expect.stringContaining('can NOT be undone'),
  });
  const { exitCode, stdout } = await restoring;
  expect(exitCode).toBe(0);
  const result = JSON.parse(stdout) as RestoreResult;
  expect(result).toMatchObject({ inPlace: true, previous: null, rows: 1000, tables: 1 });
  expect(await databases()).toEqual([shop]);
  expect(await ordersIn(shop)).toBe('1000');
  const evidence = JSON.parse(await readFile(result.evidence.path, 'utf8'));
  expect(evidence).toMatchObject({
    evidence: { inPlace: true, difference: { rowsBefore: 10, rowsAfter: 1000 } },
  });
});

test('a preview tells the plan and touches nothing', async () => {
  const before = await readdir(place.backupDir, { recursive: true });
  const { exitCode, stdout } = await place.run('restore', '--preview', '--latest', shop);
  expect(exitCode).toBe(0);
  expect(stdout).toContain(backup.backup.id);
  expect(stdout).toContain('wait for approval');
  expect(stdout).toContain('while the target serves');
  const created = await place.run('restore', '--preview', '--latest', `${shop} copy`, '--from', shop);
  expect(created.stdout).toContain('is created; needs no approval');
  expect(created.stdout).not.toContain('while the target serves');
  expect(await databases()).toEqual([shop]);
  expect(await readdir(place.backupDir, { recursive: true })).toEqual(before);
});

test('a rejected restore ends with 6 and leaves nothing behind', async () => {
  const restoring = place.start(['restore', backup.backup.id, shop]);
  await untilWaiting(place.temporal.client, shop);
  expect(await place.run('reject', shop, '--reason', 'not today')).toMatchObject({ exitCode: 0 });
  expect(await restoring).toMatchObject({ exitCode: 6, stderr: expect.stringContaining('not today') });
  const status = await place.json<Status>('status');
  expect(status.work?.lastOutcomes).toContainEqual(
    expect.objectContaining({ outcome: 'rejected', cause: expect.stringMatching(/by .*: not today/) }),
  );
  expect(await databases()).toEqual([shop]);
  expect(await ordersIn(shop)).toBe('10');
  const left = await readdir(join(place.backupDir, 'full'));
  expect(left.filter((name) => name.startsWith('.partial-'))).toEqual([]);
});

test('at the question for the name a wrong one is asked again, and Ctrl-C ends the restore', async () => {
  isSpent = true;
  const question = 'Type the name';
  const { exitCode, shown } = await typedOnTerminal(
    place,
    ['restore', backup.backup.id, shop],
    [
      [question, 'shop\r'],
      [question, '\x03'],
    ],
  );
  expect(exitCode).toBe(1);
  expect(shown).toContain('cancelled');
  expect(await databases()).toEqual([shop]);
  expect(await ordersIn(shop)).toBe('10');
});

test("Temporal's own command line approves and rejects by signal, and what does not count changes nothing", async () => {
  isSpent = true;
  const temporal = await obtainTemporal({ onProgress: () => undefined });
  const id = `restore/default/${shop}`;
  const signal = (name: string, message: object) => {
    const args = [
      'workflow',
      'signal',
      '--workflow-id',
      id,
      '--name',
      name,
      '--input',
      JSON.stringify(message),
    ];
    return execa(temporal, args, { env: place.temporal.env });
  };
  const waitingEvidence = async () => {
    const { evidence } = await untilWaiting(place.temporal.client, shop);
    const shown = await place.json<WaitingRun[]>('approvals');
    expect(shown.find((run) => run.workflowId === id)?.status?.evidence?.digest).toBe(evidence?.digest);
    return evidence?.digest;
  };

  const first = place.start(['restore', backup.backup.id, shop]);
  const said = { approver: 'ann', reason: 'by signal', evidence: await waitingEvidence() };
  await signal('approve', { ...said, evidence: 'other' });
  await signal('approve', { approver: 'ann' });
  await signal('reject', said);
  expect(await first).toMatchObject({ exitCode: 6, stderr: expect.stringContaining('by ann: by signal') });
  expect(await ordersIn(shop)).toBe('10');

  const second = place.start(['restore', backup.backup.id, shop]);
  await signal('approve', { ...said, evidence: await waitingEvidence() });
  expect(await second).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('ann: by signal') });
  expect(await ordersIn(shop)).toBe('1000');
});

test('a dump by pg_dump and gzip, without metadata, is restored only when that is asked for', async () => {
  const folder = join(place.folder, 'elsewhere');
  await mkdir(folder, { recursive: true });
  const file = join(folder, `dump${count}.sql.gz`);
  const script = 'set -o pipefail; "$1" | gzip > "$2"';
  const env = { ...cluster.env, PGDATABASE: shop };
  await execa('bash', ['-c', script, 'bash', join(cluster.binDir, 'pg_dump'), file], { env });
  const target = `${shop} by hand`;
  const refused = await place.run('restore', file, target);
  expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('--allow-unverified') });
  const result = await place.json<RestoreResult>('restore', file, target, '--allow-unverified');
  expect(result).toMatchObject({ rows: 10, tables: 2, warnings: [expect.stringContaining('metadata')] });
  expect(await ordersIn(target)).toBe('10');
  await cluster.psql(`DROP DATABASE "${target}"`);
});

test('K2 the artifact of one backup under the name of another is refused', async () => {
  isSpent = true;
  const later = await place.json<FullBackupResult>('backup', shop);
  await copyFile(later.path, backup.path);
  const { exitCode } = await place.run('restore', backup.backup.id, `${shop} copy`);
  expect(exitCode).toBe(5);
  expect(await databases()).toEqual([shop]);
});
