import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { FullBackupResult } from '../../src/domain/backup/contracts.js';
import type { WalCycleResult } from '../../src/domain/wal/contracts.js';
import { type Cluster, startCluster } from '../support/cluster.js';
import { createWorkplace, type Workplace } from '../support/holdfast.js';
import { patience } from '../support/patience.js';
import { startTemporal, type TemporalServer } from '../support/temporal.js';

let temporal: TemporalServer;

beforeAll(async () => {
  temporal = await startTemporal();
});

afterAll(async () => {
  await temporal[Symbol.asyncDispose]();
});

/** A database of a plain role's, with tables of another's, a sequence and a view, and nothing for PUBLIC. */
async function fill(cluster: Cluster): Promise<void> {
  await cluster.psql('CREATE ROLE owner LOGIN; CREATE ROLE writer LOGIN; GRANT writer TO owner');
  await cluster.psql('CREATE DATABASE shop OWNER owner; REVOKE CONNECT ON DATABASE shop FROM PUBLIC');
  await cluster.psql(
    `SET ROLE owner;
     CREATE SCHEMA sales;
     CREATE TABLE sales.orders (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, note text);
     INSERT INTO sales.orders (note) SELECT 'order ' || i FROM generate_series(1, 500) i;
     CREATE VIEW sales.notes AS SELECT note FROM sales.orders;
     CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$;
     CREATE TRIGGER touch BEFORE INSERT ON sales.orders FOR EACH ROW EXECUTE FUNCTION touch();
     ALTER DEFAULT PRIVILEGES IN SCHEMA sales GRANT SELECT ON TABLES TO writer;
     ALTER DATABASE shop SET work_mem = '5MB'`,
    'shop',
  );
}

async function sqlAs(cluster: Cluster, user: string, sql: string, database = 'shop') {
  const env = { ...cluster.env, PGUSER: user, PATH: process.env.PATH ?? '' };
  const args = ['-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', database];
  return await execa(join(cluster.binDir, 'psql'), args, {
    input: sql,
    env,
    extendEnv: false,
    reject: false,
  });
}

const printedRoles = async (place: Workplace) => (await place.run('init', '--print-roles')).stdout;

// What roles may do changed with 15 (the schema public) and with 16 (memberships, CREATEDB): 14 is the one side of both,
// 16 the other.
test.for([14, 16, 18] as const)(
  'on PostgreSQL %i the printed roles suffice for backup, WAL and restore with swap, and for no more',
  { timeout: 400_000 },
  async (version) => {
    await using cluster = await startCluster({
      version,
      initdbArgs: ['--wal-segsize=1'],
      settings: { wal_level: 'replica', archive_mode: 'on', max_slot_wal_keep_size: '1GB' },
    });
    await using place = await createWorkplace({
      ...{ ...cluster.env, ...temporal.env, PG_BIN_DIR: cluster.binDir, HOLDFAST_HOST: `roles-${version}` },
      ...{ BACKUP_DIR: join(dirname(cluster.dataDir), 'backups'), MIN_DISK_SPACE_GB: '0' },
    });
    await fill(cluster);
    // Twice: it can be run again.
    for (let run = 1; run <= 2; run++) await cluster.psql(await printedRoles(place));
    const as = (user: string, ...args: string[]) => place.start(['--json', ...args], { PGUSER: user });

    const dumped = await as('holdfast_dump', 'backup', 'shop');
    expect(dumped.exitCode, dumped.stderr).toBe(0);
    const backup = JSON.parse(dumped.stdout) as FullBackupResult;
    expect(backup).toMatchObject({ rows: 500, warnings: [] });
    for (const sql of [
      'DELETE FROM sales.orders',
      'CREATE TABLE public.mine (id int)',
      'CREATE ROLE other',
    ]) {
      const off = 'SET default_transaction_read_only = off; ';
      // PostgreSQL 14 lets everybody make tables in the schema public, if they turn read-only transactions off.
      const mayTurnOff = !(version === 14 && sql.startsWith('CREATE TABLE'));
      expect((await sqlAs(cluster, 'holdfast_dump', sql)).exitCode).toBe(3);
      if (mayTurnOff) expect((await sqlAs(cluster, 'holdfast_dump', off + sql)).exitCode).toBe(3);
    }

    const restored = await as('holdfast_restore', 'restore', backup.backup.id, 'shop', '--yes');
    expect(restored.exitCode, restored.stderr).toBe(0);
    const owner = `SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'shop'`;
    expect(await cluster.psql(owner)).toBe('owner');
    expect(await cluster.psql('SELECT count(*) FROM sales.orders', 'shop')).toBe('500');
    expect((await sqlAs(cluster, 'holdfast_restore', 'SELECT * FROM pg_authid', 'postgres')).exitCode).toBe(
      3,
    );

    const set = await place.run('wal', 'setup', '--apply');
    expect(set.exitCode, set.stderr).toBe(0);
    const cycle = await as('holdfast_replication', 'wal');
    expect(cycle.exitCode, cycle.stderr).toBe(0);
    expect((JSON.parse(cycle.stdout) as WalCycleResult).base).not.toBeNull();
    const stream = as('holdfast_replication', 'wal', 'stream');
    const isActive = `SELECT coalesce(bool_or(active), false) FROM pg_replication_slots`;
    await vi.waitUntil(async () => (await cluster.psql(isActive)) === 't', patience);
    stream.kill('SIGINT');
    expect((await stream).exitCode).toBe(0);
    for (const role of ['holdfast_replication', 'holdfast_monitor'])
      expect((await sqlAs(cluster, role, 'SELECT 1')).exitCode, role).toBe(2);

    const looked = await as('holdfast_monitor', 'monitor');
    expect(JSON.parse(looked.stdout)).toMatchObject([{ counts: { critical: 0 }, warnings: [] }]);
    await cluster.psql(
      `CREATE ROLE holdfast LOGIN REPLICATION CREATEDB;
       GRANT holdfast_dump, holdfast_replication, holdfast_restore TO holdfast`,
    );
    const judged = JSON.parse((await as('holdfast', 'doctor')).stdout) as { check: string; state: string }[];
    const roles = judged.filter(({ check }) => check.endsWith('role')).map(({ state }) => state);
    expect(roles).toEqual(['ok', 'ok', 'ok']);
  },
);
