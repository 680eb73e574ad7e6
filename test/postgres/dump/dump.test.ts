import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { withConnection } from '../../../src/postgres/connection/connection.js';
import { type DumpOptions, startDump } from '../../../src/postgres/dump/dump.js';
import { endOrphanSessions } from '../../../src/postgres/dump/orphan-sessions.js';
import { withSnapshot } from '../../../src/postgres/dump/snapshot.js';
import { inspectDatabase } from '../../../src/postgres/inspect/database.js';
import { type ClientTools, findClientTools } from '../../../src/postgres/program/client-tools.js';
import { type Cluster, startCluster } from '../../support/cluster.js';
import { patience } from '../../support/patience.js';
import { postgresVersions } from '../../support/postgresql-binaries.js';
import { signalProcess } from '../../support/signal-process.js';
import { hostileNames } from '../hostile-names.js';

let cluster: Cluster;
let tools: ClientTools;

beforeAll(async () => {
  cluster = await startCluster();
  tools = await findClientTools(cluster.version, { pgBinDir: cluster.binDir });
  await cluster.createDatabase('shop');
  await cluster.psql('CREATE TABLE trades AS SELECT g AS id FROM generate_series(1, 1000) g', 'shop');
  await cluster.createDatabase('large');
  await cluster.psql(
    'CREATE TABLE big AS SELECT g AS id, repeat(md5(g::text), 10) AS t FROM generate_series(1, 100000) g',
    'large',
  );
});
afterAll(() => cluster[Symbol.asyncDispose]());

const settingsOf = (of: Cluster, user: string = of.user) => ({ host: of.socketDir, port: of.port, user });

function start(database: string, options: Partial<DumpOptions> = {}, user?: string) {
  const connection = settingsOf(cluster, user);
  return startDump({ tools, connection, database, runTag: 'run-1', stdout: 'pipe', ...options });
}

async function dump(database: string, options: Partial<DumpOptions> = {}, user?: string): Promise<string> {
  const { stdout, finished } = start(database, options, user);
  const [sql] = await Promise.all([stdout ? text(stdout) : '', finished]);
  return sql;
}

/** A dump whose first bytes have come and whose others nobody takes: `pg_dump` is in the middle of its work. */
async function startedDump(options: Partial<DumpOptions> = {}) {
  const running = start('large', options);
  if (!running.stdout) throw new Error('no pipe');
  await once(running.stdout, 'readable');
  return { ...running, stdout: running.stdout };
}

test.for(postgresVersions)(
  'PostgreSQL %i: psql alone loads a dump into an empty database',
  async (version) => {
    await using other = await startCluster({ version });
    await other.createDatabase('shop');
    await other.createDatabase('copy');
    await other.psql(
      `CREATE SCHEMA "my app"; CREATE TABLE "my app"."T t" (id int PRIMARY KEY, note text);
     INSERT INTO "my app"."T t" SELECT g, E'line\\n\\\\. ' || g FROM generate_series(1, 5000) g;
     COMMENT ON TABLE "my app"."T t" IS 'kept'; SELECT lo_from_bytea(4711, 'large object')`,
      'shop',
    );
    const found = await findClientTools(version, { pgBinDir: other.binDir });
    const sql = await dump('shop', { tools: found, connection: settingsOf(other) });
    expect(sql).not.toMatch(/^(CREATE DATABASE|\\connect|DROP )/m);
    await other.psql(sql, 'copy');
    const query = `SELECT md5(string_agg(t::text, '|' ORDER BY id)), obj_description('"my app"."T t"'::regclass),
    lo_get(4711) FROM "my app"."T t" t`;
    expect(await other.psql(query, 'copy')).toBe(await other.psql(query, 'shop'));
  },
);

test('databases of any name are dumped by that name, and nothing else happens', async () => {
  for (const name of hostileNames) {
    await cluster.createDatabase(name);
    await withConnection(settingsOf(cluster), name, (client) =>
      client.query('CREATE TABLE public."the right one" ()'),
    );
    expect(await dump(name), name).toContain('CREATE TABLE public."the right one"');
  }
});

test('the operator’s environment has no effect on a dump', async () => {
  // Comments tell the time of the dump, and psql's guard against meta-commands a random word.
  const stable = (sql: string) => sql.replace(/^(-- (Started|Completed)|\\(un)?restrict).*$/gm, '');
  const before = stable(await dump('shop'));
  const hostile = {
    PGOPTIONS: '-c search_path=evil -c statement_timeout=1 -c extra_float_digits=-15',
    PGSERVICE: 'none',
    PGCLIENTENCODING: 'LATIN1',
    PGDATESTYLE: 'German',
    PGTZ: 'Asia/Tokyo',
    PGDATABASE: 'large',
    PGAPPNAME: 'evil',
    LC_ALL: 'tr_TR.UTF-8',
    TZ: 'Asia/Tokyo',
  };
  for (const [name, value] of Object.entries(hostile)) vi.stubEnv(name, value);
  try {
    expect(stable(await dump('shop'))).toBe(before);
  } finally {
    vi.unstubAllEnvs();
  }
});

test('what is being dumped is told', async () => {
  const onStep = vi.fn();
  await dump('shop', { onStep });
  expect(onStep).toHaveBeenCalledWith('contents of table "public.trades"');
});

test('a file descriptor that is given gets the dump without passing through here', async () => {
  const reader = spawn('cat', { stdio: ['pipe', 'pipe', 'inherit'] });
  const sql = text(reader.stdout);
  const running = start('large', { stdout: reader.stdin });
  expect(running.stdout).toBeNull();
  await running.finished;
  expect(await sql).toMatch(/^-- PostgreSQL database dump complete$/m);
  expect((await sql).length).toBeGreaterThan(30_000_000);
  expect((reader.stdin as Socket).bytesWritten).toBe(0);
});

test('a compressor that dies makes the dump an interrupted one', async () => {
  const reader = spawn('head', ['-c', '1'], { stdio: ['pipe', 'ignore', 'inherit'] });
  const running = start('large', { stdout: reader.stdin });
  await expect(running.finished).rejects.toMatchObject({
    type: 'DumpInterrupted',
    // SIGPIPE, or a reset where the reader left bytes unread: which of them is a matter of timing.
    message: expect.stringMatching(/what read its output went away|could not write to output file/),
  });
});

test('a program that leaves a child behind does not keep an abort waiting', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hf-dump-'));
  const path = join(folder, 'pg_dump');
  await writeFile(path, '#!/bin/sh\necho started; sleep 30 & echo $! ; wait\n', { mode: 0o755 });
  const abort = new AbortController();
  const tool = { path, version: '15', major: 15 };
  const running = start('shop', { tools: { pgDump: tool }, signal: abort.signal });
  const pids: string[] = [];
  running.stdout?.on('data', (chunk) => pids.push(String(chunk)));
  await expect.poll(() => pids.join('')).toMatch(/started\n\d+\n/);
  abort.abort();
  await expect(running.finished).rejects.toMatchObject({ type: 'Cancelled' });
  process.kill(Number(pids.join('').split('\n')[1]), 'SIGKILL');
  await rm(folder, { recursive: true });
});

test('a dump of a snapshot shows that moment', async () => {
  const sql = await withSnapshot(
    settingsOf(cluster),
    'shop',
    async ({ snapshotId, lsn }) => {
      expect(lsn).toMatch(/^[0-9A-F]+\/[0-9A-F]+$/);
      await cluster.psql('INSERT INTO trades VALUES (4711001)', 'shop');
      expect(await cluster.psql(`SELECT pg_current_wal_lsn() > '${lsn}'`, 'shop')).toBe('t');
      return await dump('shop', { snapshotId });
    },
    { runTag: 'run-1' },
  );
  expect(sql).not.toContain('4711001');
  expect(await dump('shop')).toContain('4711001');
});

test('a snapshot is kept open against the role’s timeouts', async () => {
  await cluster.psql(`CREATE ROLE hasty LOGIN SUPERUSER;
    ALTER ROLE hasty SET idle_in_transaction_session_timeout = 50; ALTER ROLE hasty SET statement_timeout = 1`);
  const sql = await withSnapshot(
    settingsOf(cluster, 'hasty'),
    'shop',
    async ({ snapshotId }) => {
      await cluster.psql('SELECT pg_sleep(0.3)');
      return await dump('shop', { snapshotId });
    },
    { runTag: 'run-1' },
  );
  expect(sql).toContain('CREATE TABLE public.trades');
});

test('a standby is dumped too, at the position it has replayed', async () => {
  await using standby = await startCluster();
  await standby.psql('CREATE TABLE kept ()');
  await standby.stop();
  await writeFile(join(standby.dataDir, 'standby.signal'), '');
  await standby.start();
  expect(await inspectDatabase(settingsOf(standby), 'postgres')).toMatchObject({ inRecovery: true });
  await withSnapshot(
    settingsOf(standby),
    'postgres',
    async ({ snapshotId, lsn }) => {
      expect(lsn).toBe(await standby.psql('SELECT pg_last_wal_replay_lsn()'));
      const sql = await dump('postgres', { connection: settingsOf(standby), snapshotId });
      expect(sql).toContain('CREATE TABLE public.kept');
    },
    { runTag: 'run-1' },
  );
});

test('a dump that a standby ends to go on with its replay is told with what eases that, and tried again', async () => {
  await using primary = await startCluster();
  await primary.createDatabase('large');
  await primary.psql(
    'CREATE TABLE big AS SELECT repeat(md5(g::text), 10) AS t FROM generate_series(1, 100000) g',
    'large',
  );
  await using standby = await startCluster({
    settings: { max_standby_streaming_delay: '0', log_recovery_conflict_waits: 'on' },
  });
  await makeStandby(standby, primary);
  const connection = settingsOf(standby);
  const whole = withSnapshot(
    connection,
    'large',
    async ({ snapshotId }) => {
      const running = await startedDump({ connection, snapshotId });
      await primary.psql('DELETE FROM big; VACUUM big', 'large');
      await vi.waitUntil(() => replayWaits(standby), patience);
      running.stdout.resume();
      await running.finished;
    },
    { runTag: 'run-1' },
  );
  await expect(whole).rejects.toMatchObject({
    type: 'DumpInterrupted',
    exitCode: 4,
    retryable: true,
    message: expect.stringContaining('conflict with recovery'),
    remedy: expect.stringContaining('hot_standby_feedback'),
  });
});

/** Makes `standby` follow `primary`, whose version it has. */
async function makeStandby(standby: Cluster, primary: Cluster): Promise<void> {
  await Promise.all([standby.stop(), primary.stop()]);
  const own = join(standby.dataDir, 'postgresql.conf');
  const settings = await readFile(own, 'utf8');
  await rm(standby.dataDir, { recursive: true });
  await execa('cp', ['-a', primary.dataDir, standby.dataDir]);
  const upstream = `host=''${primary.socketDir}'' port=${primary.port} user=postgres`;
  await writeFile(own, `${settings}primary_conninfo = '${upstream}'\n`);
  await writeFile(join(standby.dataDir, 'standby.signal'), '');
  await primary.start();
  await standby.start();
}

/** Whether replay has told sessions to end, and waits for one that can't hear it: nobody takes what it sends. */
async function replayWaits({ logFile }: Cluster): Promise<boolean> {
  return (await readFile(logFile, 'utf8')).includes('recovery still waiting');
}

test('row-level security that hides rows from the role fails the dump (G3)', async () => {
  await cluster.createDatabase('secured');
  await cluster.psql(
    `CREATE ROLE clerk LOGIN; GRANT pg_read_all_data TO clerk; CREATE TABLE t (id int);
     INSERT INTO t VALUES (1), (2); ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t USING (id = 1)`,
    'secured',
  );
  await expect(dump('secured', {}, 'clerk')).rejects.toMatchObject({
    type: 'DumpFailed',
    exitCode: 4,
    retryable: false,
    message: expect.stringMatching(
      /^dump database "secured": pg_dump: .*row-level security policy for table "t"/,
    ),
    remedy: expect.stringContaining('BYPASSRLS'),
  });
  await cluster.psql('ALTER ROLE clerk BYPASSRLS');
  expect(await dump('secured', {}, 'clerk')).toContain('\n1\n2\n');
});

test('a table that the role may not read fails the dump in the server’s words', async () => {
  await cluster.psql('CREATE ROLE nobody LOGIN');
  await expect(dump('shop', {}, 'nobody')).rejects.toMatchObject({
    type: 'DumpFailed',
    message: expect.stringContaining('permission denied for table trades'),
    remedy: expect.stringContaining('pg_read_all_data'),
  });
});

test.for([14, 15, 18] as const)(
  'PostgreSQL %i: a lock that is held is a lock timeout, which tells who holds it (G4)',
  async (version) => {
    await using other = await startCluster({ version, settings: { max_prepared_transactions: '1' } });
    await other.psql('CREATE TABLE trades ()');
    const found = await findClientTools(version, { pgBinDir: other.binDir });
    await withConnection(settingsOf(other), 'postgres', async (holder) => {
      await holder.query('BEGIN; LOCK TABLE public.trades');
      const options = { tools: found, connection: settingsOf(other), lockWaitTimeoutMs: 300 };
      await expect(dump('postgres', options)).rejects.toMatchObject({
        type: 'LockTimeout',
        exitCode: 4,
        retryable: true,
        message: expect.stringMatching(
          /timeout.*LOCK TABLE public\.trades.*public\.trades is locked by session \d+ of role "postgres" \(holdfast, idle in transaction\)/,
        ),
        remedy: expect.stringMatching(/pg_terminate_backend\(\d+\)/),
      });
      await holder.query("PREPARE TRANSACTION 'it''s lost'");
      await expect(dump('postgres', options)).rejects.toThrow(/prepared transaction "it's lost"/);
      await holder.query("ROLLBACK PREPARED 'it''s lost'");
    });
  },
);

test('kill -9 of pg_dump is an interrupted dump (P2)', async () => {
  const { stdout, finished, pid } = await startedDump();
  signalProcess(pid, 'SIGKILL');
  stdout.resume();
  await expect(finished).rejects.toMatchObject({
    type: 'DumpInterrupted',
    retryable: true,
    message: expect.stringContaining('it was killed by SIGKILL'),
  });
});

test('a pg_dump that somebody else terminates is an interrupted dump too', async () => {
  const { stdout, finished, pid } = await startedDump();
  signalProcess(pid, 'SIGTERM');
  stdout.resume();
  await expect(finished).rejects.toMatchObject({ type: 'DumpInterrupted' });
});

test('an abort cancels the dump, also one that nobody reads', async () => {
  const abort = new AbortController();
  const { finished, pid } = await startedDump({ signal: abort.signal });
  abort.abort();
  await expect(finished).rejects.toMatchObject({ type: 'Cancelled', retryable: false });
  expect(() => process.kill(pid ?? 0, 0)).toThrow('ESRCH');
});

test('an earlier attempt’s sessions are ended, and no others', async () => {
  const orphan = await startedDump({ runTag: 'earlier' });
  const other = await startedDump({ runTag: 'earlier-2' });
  expect(await endOrphanSessions(settingsOf(cluster), 'large', 'earlier')).toBe(1);
  expect(await endOrphanSessions(settingsOf(cluster), 'large', 'earlier')).toBe(0);
  orphan.stdout.resume();
  await expect(orphan.finished).rejects.toMatchObject({ type: 'ConnectionLost' });
  expect(await text(other.stdout)).toMatch(/^-- PostgreSQL database dump complete$/m);
  await other.finished;
});

test('a server that is not there, a wrong name and a program that is none fail as such', async () => {
  await expect(dump('shop', { connection: { ...settingsOf(cluster), port: 1 } })).rejects.toMatchObject({
    type: 'ServerUnreachable',
  });
  await expect(dump('no such')).rejects.toMatchObject({ type: 'DatabaseUnknown' });
  const pgDump = { path: '/nowhere/pg_dump', version: '15', major: 15 };
  await expect(dump('shop', { tools: { pgDump } })).rejects.toMatchObject({
    type: 'ToolMissing',
    message: expect.stringContaining('/nowhere/pg_dump'),
  });
});

test('a pg_dump older than the server is told as such', async () => {
  await using newer = await startCluster({ version: 17 });
  await expect(dump('postgres', { connection: settingsOf(newer) })).rejects.toMatchObject({
    type: 'ClientTooOld',
    exitCode: 2,
    message: expect.stringMatching(/server version: 17.*pg_dump version: 15/),
  });
});

test.for([14, 15, 18] as const)(
  'PostgreSQL %i stopped mid-dump is a lost connection (G2)',
  async (version) => {
    await using other = await startCluster({ version });
    await other.psql(
      'CREATE TABLE big AS SELECT repeat(md5(g::text), 10) AS t FROM generate_series(1, 100000) g',
    );
    const found = await findClientTools(version, { pgBinDir: other.binDir });
    const options = { tools: found, connection: settingsOf(other), database: 'postgres' };
    const whole = withSnapshot(
      options.connection,
      'postgres',
      async ({ snapshotId }) => {
        const running = await startedDump({ ...options, snapshotId });
        await other.stop('immediate');
        running.stdout.resume();
        await running.finished;
      },
      { runTag: 'run-1' },
    );
    await expect(whole).rejects.toMatchObject({
      type: 'ConnectionLost',
      exitCode: 3,
      retryable: true,
      message: expect.stringContaining('dump database "postgres": pg_dump: '),
    });
    await expect(dump('postgres', options)).rejects.toMatchObject({ type: 'ServerUnreachable' });
  },
);

test('a damaged page fails the dump (G5)', async () => {
  await using other = await startCluster({ initdbArgs: ['--data-checksums'] });
  await other.psql('CREATE TABLE t AS SELECT g FROM generate_series(1, 1000) g; CHECKPOINT');
  const path = await other.psql("SELECT pg_relation_filepath('t')");
  await other.stop();
  const file = await open(join(other.dataDir, path), 'r+');
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, 8_000);
  await file.write(Buffer.from([(buffer[0] ?? 0) ^ 1]), 0, 1, 8_000);
  await file.close();
  await other.start();
  await expect(dump('postgres', { connection: settingsOf(other) })).rejects.toMatchObject({
    type: 'DumpFailed',
    exitCode: 4,
    message: expect.stringMatching(/invalid page in block 0/),
    remedy: expect.stringContaining('damaged'),
  });
});

test('no password is among the arguments, nor in the error', async () => {
  const password = 'canary-7f3a';
  await using guarded = await startCluster({ password });
  const connection = { ...settingsOf(guarded), password };
  await guarded.psql(
    'CREATE TABLE big AS SELECT repeat(md5(g::text), 10) AS t FROM generate_series(1, 100000) g',
  );
  const running = await startedDump({ connection, database: 'postgres' });
  const arguments_ = await readFile(`/proc/${running.pid}/cmdline`, 'utf8');
  expect(arguments_).toContain('--format=plain');
  expect(arguments_).not.toContain('canary');
  signalProcess(running.pid, 'SIGKILL');
  running.stdout.resume();
  await expect(running.finished).rejects.toThrow(/^((?!canary).)*$/);
  await expect(
    dump('postgres', { connection: { ...connection, password: 'canary-wrong' } }),
  ).rejects.toMatchObject({
    type: 'AuthenticationFailed',
    message: expect.stringMatching(/^((?!canary).)*password authentication failed((?!canary).)*$/),
  });
});

test('a role whose sessions act as another is told so, in a session and by pg_dump', async () => {
  await cluster.psql(`CREATE ROLE day_shift; CREATE ROLE "Night shift" LOGIN IN ROLE day_shift, pg_read_all_data;
    ALTER ROLE "Night shift" SET role = day_shift`);
  const user = 'Night shift';
  const remedy = expect.stringContaining(
    'Sessions of "Night shift" act as day_shift (ALTER ROLE "Night shift" SET role)',
  );
  await expect(dump('shop', {}, user)).rejects.toMatchObject({ type: 'DumpFailed', remedy });
  const asked = withConnection(settingsOf(cluster, user), 'shop', async (client) => {
    await client.query('BEGIN');
    await client.query('TABLE public.trades');
  });
  await expect(asked).rejects.toMatchObject({ type: 'AuthenticationFailed', remedy });
  await cluster.psql('ALTER ROLE "Night shift" RESET role');
  expect(await dump('shop', {}, user)).toContain('COPY public.trades');
});
