import { expect, test } from 'vitest';
import { databaseSize, inspectDatabase } from '../../../src/postgres/inspect/database.js';
import { quoteIdentifier } from '../../../src/postgres/quote.js';
import { type Cluster, startCluster } from '../../support/cluster.js';
import { postgresVersions } from '../../support/postgresql-binaries.js';
import { hostileNames } from '../hostile-names.js';

const settings = (cluster: Cluster) => ({ host: cluster.socketDir, port: cluster.port, user: cluster.user });

const prepare = `
  CREATE ROLE "Ann ""A""";
  CREATE ROLE bob;
  ALTER DATABASE shop OWNER TO "Ann ""A""";
  ALTER DATABASE shop CONNECTION LIMIT 7;
  ALTER DATABASE shop SET search_path = app, public;
  ALTER DATABASE shop SET work_mem = '7MB';
  ALTER ROLE bob IN DATABASE shop SET work_mem = '9MB';
  ALTER ROLE bob SET work_mem = '8MB';
  COMMENT ON DATABASE shop IS 'the
shop';
  GRANT CONNECT ON DATABASE shop TO bob`;

test.for(postgresVersions)('a database of PostgreSQL %i shows what a dump does not keep', async (version) => {
  await using cluster = await startCluster({ version });
  await cluster.createDatabase('shop');
  await cluster.psql(prepare);
  await cluster.psql('CREATE TABLE t AS SELECT generate_series(1, 1000)', 'shop');
  const facts = await inspectDatabase(settings(cluster), 'shop');
  expect(facts).toMatchObject({ major: version, inRecovery: false });
  expect(facts.serverVersion).toMatch(new RegExp(`^${version}\\.\\d+`));
  expect(Math.floor(facts.serverVersionNum / 10_000)).toBe(version);
  expect(facts.databaseSizeBytes).toBeGreaterThan(1_000_000);
  expect(await databaseSize(settings(cluster), 'shop')).toBe(facts.databaseSizeBytes);
  expect(facts.properties).toEqual({
    owner: 'Ann "A"',
    encoding: 'UTF8',
    collate: 'C.UTF-8',
    ctype: 'C.UTF-8',
    locale_provider: 'c',
    locale: null,
    icu_rules: null,
    tablespace: 'pg_default',
    connection_limit: 7,
    is_template: false,
    comment: 'the\nshop',
    settings: [
      { role: null, setting: 'search_path=app, public' },
      { role: null, setting: 'work_mem=7MB' },
      { role: 'bob', setting: 'work_mem=9MB' },
    ],
    grants: expect.arrayContaining([expect.stringMatching(/^bob=c\//)]),
    extensions: [{ name: 'plpgsql', version: '1.0', schema: 'pg_catalog' }],
  });
});

/** Written to the catalogue by hand: the servers at hand are built without ICU. */
test.for([
  [15, "daticulocale = 'de-DE'", { locale: 'de-DE', icu_rules: null }],
  [16, "daticulocale = 'de-DE', daticurules = '&a < g'", { locale: 'de-DE', icu_rules: '&a < g' }],
  [17, "datlocale = 'de-DE', daticurules = '&a < g'", { locale: 'de-DE', icu_rules: '&a < g' }],
] as const)(
  'PostgreSQL %i: an ICU locale (%s) is read where it stands',
  async ([version, columns, expected]) => {
    await using cluster = await startCluster({ version });
    await cluster.createDatabase('shop');
    await cluster.psql(`UPDATE pg_database SET ${columns} WHERE datname = 'shop'`);
    const { properties } = await inspectDatabase(settings(cluster), 'shop');
    expect(properties).toMatchObject(expected);
  },
);

test.for([17, 18] as const)('PostgreSQL %i: the builtin locale provider is read', async (version) => {
  await using cluster = await startCluster({ version });
  await cluster.psql(
    "CREATE DATABASE shop TEMPLATE template0 LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'",
  );
  const { properties } = await inspectDatabase(settings(cluster), 'shop');
  expect(properties).toMatchObject({ locale_provider: 'b', locale: 'C.UTF-8', grants: null });
});

test('databases of any name are inspected by that name', async () => {
  await using cluster = await startCluster();
  for (const name of hostileNames) {
    await cluster.createDatabase(name);
    await cluster.psql(`ALTER DATABASE ${quoteIdentifier(name)} CONNECTION LIMIT 41`);
    const { properties } = await inspectDatabase(settings(cluster), name);
    expect(properties.connection_limit, name).toBe(41);
  }
});
