import { expect, test } from 'vitest';
import type { DatabaseProperties } from '../../../src/domain/backup/metadata.js';
import { restoreName } from '../../../src/domain/restore/names.js';
import { inspectDatabase } from '../../../src/postgres/inspect/database.js';
import { countTables } from '../../../src/postgres/restore/prove/count-tables.js';
import { describeContents } from '../../../src/postgres/restore/prove/describe-contents.js';
import { sealStaging } from '../../../src/postgres/restore/staging/seal.js';
import { swapDatabases } from '../../../src/postgres/restore/swap/swap.js';
import { type Cluster, startCluster } from '../../support/cluster.js';
import type { postgresVersions } from '../../support/postgresql-binaries.js';
import { comparable, dumpOf, stage } from './restore-support.js';
import { databasesOf, settings } from './swap/swap-support.js';

const properties = `
  CREATE ROLE "Ann ""A""";
  CREATE ROLE bob;
  CREATE ROLE carol;
  ALTER DATABASE shop OWNER TO "Ann ""A""";
  ALTER DATABASE shop CONNECTION LIMIT 7;
  ALTER DATABASE shop SET search_path = app, "$user", "odd, ""name""", public;
  ALTER DATABASE shop SET work_mem = '7MB';
  ALTER DATABASE shop SET statement_timeout = '1ms';
  ALTER DATABASE shop SET default_transaction_read_only = on;
  ALTER DATABASE shop SET IntervalStyle = 'sql_standard';
  ALTER DATABASE shop SET "my.setting" = 'it''s; \\ here';
  ALTER ROLE bob IN DATABASE shop SET work_mem = '9MB';
  COMMENT ON DATABASE shop IS 'the
shop''s';
  REVOKE ALL ON DATABASE shop FROM PUBLIC;
  GRANT CONNECT ON DATABASE shop TO bob WITH GRANT OPTION;
  SET ROLE bob;
  GRANT CONNECT ON DATABASE shop TO carol;
  RESET ROLE;
  GRANT CREATE ON DATABASE shop TO carol`;

const contents = `
  SET default_transaction_read_only = off;
  SET statement_timeout = 0;
  CREATE SCHEMA app AUTHORIZATION "Ann ""A""";
  CREATE TYPE app.mood AS ENUM ('low', 'high');
  CREATE TABLE app.trades (id bigserial PRIMARY KEY, "Odd ""name" text, m app.mood, took interval, at timestamptz);
  INSERT INTO app.trades ("Odd ""name", m, took, at)
    SELECT E'line\\nbreak \\\\. \\t' || n, 'low', '-1 day +02:03', now() FROM generate_series(1, 1000) n;
  CREATE TABLE app.parted (id int, at date) PARTITION BY RANGE (at);
  CREATE TABLE app.parted_1 PARTITION OF app.parted FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
  INSERT INTO app.parted SELECT n, '2025-05-05' FROM generate_series(1, 77) n;
  CREATE TABLE app.child (more text) INHERITS (app.trades);
  INSERT INTO app.child (id) VALUES (5001), (5002);
  CREATE TABLE app.empty ();
  CREATE VIEW app.v AS SELECT count(*) FROM app.trades;
  CREATE MATERIALIZED VIEW app.mv AS SELECT m, count(*) FROM app.trades GROUP BY m;
  CREATE INDEX ON app.trades (at);
  ALTER TABLE app.trades ADD CHECK (id > 0) NOT VALID;
  CREATE FUNCTION app.f() RETURNS int LANGUAGE sql AS 'SELECT 1';
  CREATE POLICY p ON app.trades USING (true);
  ALTER TABLE app.trades ENABLE ROW LEVEL SECURITY;
  GRANT SELECT ON app.trades TO bob;
  ALTER TABLE app.trades OWNER TO "Ann ""A"""`;

const plain = "ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'";

const cases: [version: (typeof postgresVersions)[number], clauses: string][] = [
  [14, plain],
  [14, "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'"],
  [15, `${plain} LOCALE_PROVIDER icu ICU_LOCALE 'de-DE'`],
  [16, plain],
  [17, `${plain} LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'`],
  [18, `${plain} LOCALE_PROVIDER builtin BUILTIN_LOCALE 'PG_UNICODE_FAST'`],
  [18, `${plain} LOCALE_PROVIDER libc`],
];

test.for(cases)(
  'RS-3 PostgreSQL %i, %s: what is restored dumps byte for byte like the original, with its properties',
  async ([version, clauses]) => {
    await using cluster = await startCluster({ version });
    await cluster.psql(`CREATE DATABASE shop TEMPLATE template0 ${clauses}`);
    await cluster.psql(properties);
    await cluster.psql(contents, 'shop');
    const { staging, facts, dump, warnings } = await stage(cluster, 'shop');
    expect(warnings).toEqual([]);
    expect(comparable(await dumpOf(cluster, staging.name))).toBe(comparable(dump));

    expect(await countTables(settings(cluster), staging.name, { runTag: 'run-1' })).toEqual([
      { schema: 'app', table: 'child', rows: 2, ofExtension: false },
      { schema: 'app', table: 'empty', rows: 0, ofExtension: false },
      { schema: 'app', table: 'parted_1', rows: 77, ofExtension: false },
      { schema: 'app', table: 'trades', rows: 1000, ofExtension: false },
    ]);
    const found = await describeContents(settings(cluster), staging.name);
    expect(found).toEqual({
      ...(await describeContents(settings(cluster), 'shop')),
      sizeBytes: found.sizeBytes,
    });
    expect(found.objects).toMatchObject({ tables: 4, 'materialized views': 1, policies: 1 });
    expect(found.unvalidatedConstraints).toEqual([
      'trades_id_check on app.child',
      'trades_id_check on app.trades',
    ]);

    expect(await sealStaging(settings(cluster), staging, facts.properties)).toEqual([]);
    expect(await databasesOf(cluster)).toEqual({ shop: true, [staging.name]: false });
    await swapInto(cluster, staging, facts.properties);
    expect(sorted((await inspectDatabase(settings(cluster), 'shop')).properties)).toEqual(
      sorted(facts.properties),
    );
  },
);

test('a database with default privileges gets just these', async () => {
  await using cluster = await startCluster();
  await cluster.createDatabase('shop');
  const { staging, facts } = await stage(cluster, 'shop');
  await sealStaging(settings(cluster), staging, facts.properties);
  await swapInto(cluster, staging, facts.properties);
  expect((await inspectDatabase(settings(cluster), 'shop')).properties).toEqual(facts.properties);
  expect(facts.properties.grants).toBeNull();
});

async function swapInto(
  cluster: Cluster,
  staging: { name: string; oid: number },
  { comment }: DatabaseProperties,
) {
  const oid = Number(await cluster.psql("SELECT oid FROM pg_database WHERE datname = 'shop'"));
  const target = { name: 'shop', oid, acceptsConnections: true };
  const previousName = restoreName('shop', 'before', '20250607_080910');
  await swapDatabases(settings(cluster), { target, staging, previousName, comment, runId: 'run-1' });
}

/** An access control list has no order. */
function sorted(found: DatabaseProperties): DatabaseProperties {
  return { ...found, grants: found.grants && [...found.grants].sort() };
}
