import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FullBackupResult } from '../../src/domain/backup/contracts.js';
import type { BackupMetadata, BackupSummary } from '../../src/domain/backup/metadata.js';
import { type Cluster, startCluster } from '../support/cluster.js';
import { dumpOf, loadByHand } from '../support/dump-of.js';
import { createWorkplace } from '../support/holdfast.js';
import { startTemporal, type TemporalServer } from '../support/temporal.js';

let temporal: TemporalServer;

beforeAll(async () => {
  temporal = await startTemporal();
});

afterAll(async () => {
  await temporal[Symbol.asyncDispose]();
});

// PostgreSQL 15 is what all other tests of the command line run with.
test.for([14, 16, 17, 18] as const)(
  'on PostgreSQL %i a backup is listed, verified, and restores by hand to an identical pg_dump',
  async (version) => {
    await using cluster = await startCluster({ version });
    await using place = await createWorkplace({
      ...cluster.env,
      ...temporal.env,
      PG_BIN_DIR: cluster.binDir,
      // Its own workflow id and queue on the one Temporal server.
      HOLDFAST_HOST: `version-${version}`,
    });
    await fill(cluster);

    const { backup, path, rows, tables, warnings } = await place.json<FullBackupResult>('backup', 'shop');
    expect({ rows, tables, warnings }).toEqual({ rows: 3100, tables: 5, warnings: [] });
    expect(backup.pgVersion).toMatch(new RegExp(`^${version}\\.`));

    const { backups } = await place.json<{ backups: BackupSummary[] }>('list');
    expect(backups).toEqual([{ ...backup, kept: null }]);
    const metadata = await place.json<BackupMetadata>('show', backup.id);
    expect(metadata.tool_versions.pg_dump).toMatch(new RegExp(`^${version}\\.`));
    expect(await place.json<object[]>('verify', backup.id)).toMatchObject([
      { id: backup.id, ok: true, rows },
    ]);

    await cluster.createDatabase('again');
    await loadByHand(cluster, path, 'again');
    expect(await dumpOf(cluster, 'again')).toBe(await dumpOf(cluster, 'shop'));
  },
);

/** Something of most kinds that a dump has. */
async function fill(cluster: Cluster): Promise<void> {
  await cluster.createDatabase('shop');
  await cluster.psql(
    `CREATE ROLE clerk;
     CREATE SCHEMA sales;
     CREATE TYPE sales.state AS ENUM ('open', 'paid');
     CREATE TABLE sales.orders (
       id bigint GENERATED ALWAYS AS IDENTITY, day date NOT NULL, state sales.state, note text,
       total numeric(12, 2), twice numeric GENERATED ALWAYS AS (total * 2) STORED
     ) PARTITION BY RANGE (day);
     CREATE TABLE sales.orders_2025 PARTITION OF sales.orders FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
     CREATE TABLE sales.orders_rest PARTITION OF sales.orders DEFAULT;
     INSERT INTO sales.orders (day, state, note, total)
       SELECT '2024-07-01'::date + i, 'paid', E'tab\\t back\\\\slash \\n ü ' || i, i / 7.0
       FROM generate_series(1, 1000) i;
     CREATE INDEX ON sales.orders (day);
     CREATE TABLE clients (id int PRIMARY KEY, data jsonb, photo bytea, tags text[], seen timestamptz);
     INSERT INTO clients SELECT i, jsonb_build_object('n', i), sha256(i::text::bytea), ARRAY['a', NULL], now()
       FROM generate_series(1, 1000) i;
     COMMENT ON TABLE clients IS 'it''s "them"';
     CREATE TABLE visits (client int REFERENCES clients, at timestamptz);
     INSERT INTO visits SELECT i, now() FROM generate_series(1, 1000) i;
     CREATE TABLE audit (id int);
     INSERT INTO audit SELECT generate_series(1, 100);
     CREATE VIEW paid AS SELECT * FROM sales.orders WHERE state = 'paid';
     CREATE MATERIALIZED VIEW days AS SELECT day, count(*) FROM sales.orders GROUP BY day;
     CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$;
     CREATE TRIGGER touch BEFORE INSERT ON clients FOR EACH ROW EXECUTE FUNCTION touch();
     GRANT SELECT ON clients TO clerk;
     ALTER DEFAULT PRIVILEGES IN SCHEMA sales GRANT SELECT ON TABLES TO clerk;
     SELECT lo_from_bytea(0, sha256('large'));`,
    'shop',
  );
}
