import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { amcheckAll, findAmcheck } from '../../../src/postgres/recovery/amcheck.js';
import { listRecovered } from '../../../src/postgres/recovery/list-recovered.js';
import { findServerPrograms } from '../../../src/postgres/recovery/server-programs.js';
import { type Cluster, startCluster } from '../../support/cluster.js';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster();
  await cluster.createDatabase('shop');
  await cluster.psql(
    'CREATE TABLE t AS SELECT generate_series(1, 1000) AS id; CREATE INDEX i ON t (id)',
    'shop',
  );
  await cluster.createDatabase('own');
  await cluster.psql('CREATE EXTENSION amcheck', 'own');
});

afterAll(() => cluster[Symbol.asyncDispose]());

const check = async () => {
  const { pid, port, socketDir } = cluster;
  const program = await findAmcheck(await findServerPrograms(cluster.version, cluster.binDir));
  return amcheckAll({
    ...{ program, server: { pid, port, socketDir }, role: 'postgres' },
    ...{ signal: new AbortController().signal, onDatabase: () => {} },
  });
};
const extensions = (database: string) =>
  cluster.psql("SELECT string_agg(extname, ',') FROM pg_extension WHERE extname <> 'plpgsql'", database);

test('every database is checked, with the extension installed meanwhile only where it is missing', async () => {
  // An event trigger that would not let it be made.
  await cluster.psql(
    `CREATE FUNCTION no() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no''; END';
     CREATE EVENT TRIGGER no ON ddl_command_start EXECUTE FUNCTION no()`,
    'shop',
  );
  expect(await check()).toEqual({ checked: 4, skipped: [] });
  expect([await extensions('shop'), await extensions('own')]).toEqual(['', 'amcheck']);
  expect(await cluster.psql("SELECT to_regnamespace('holdfast_amcheck') IS NULL", 'shop')).toBe('t');
});

test('a database whose DROP DATABASE was interrupted is listed without tables, and not checked', async () => {
  await cluster.createDatabase('halfway');
  await cluster.psql("UPDATE pg_database SET datconnlimit = -2 WHERE datname = 'halfway'");
  const why = 'it is invalid: its DROP DATABASE was interrupted';
  expect(await check()).toEqual({ checked: 4, skipped: [{ database: 'halfway', why }] });
  const listed = await listRecovered({ ...cluster, pid: 0 }, cluster.user);
  expect(listed).toContainEqual({
    ...{ name: 'halfway', sizeBytes: expect.any(Number), tables: 0, estimatedRows: null },
  });
  expect(listed.find(({ name }) => name === 'shop')?.tables).toBeGreaterThan(0);
  await cluster.psql('DROP DATABASE halfway');
});

test('a server that is read only is checked where the extension is installed; the rest is told', async () => {
  await cluster.stop();
  const signal = await open(join(cluster.dataDir, 'standby.signal'), 'w');
  await signal.close();
  await cluster.start();
  const { checked, skipped } = await check();
  expect(checked).toBe(1);
  expect(skipped.map(({ database }) => database)).toEqual(['postgres', 'shop', 'template1']);
  await cluster.psql('SELECT pg_promote()');
});

test('damage is told in the words of pg_amcheck, as a failed proof', async () => {
  const path = await cluster.psql("CHECKPOINT; SELECT pg_relation_filepath('t')", 'shop');
  await cluster.stop();
  const file = await open(join(cluster.dataDir, path), 'r+');
  // The xmin of a row.
  await file.write(Buffer.alloc(4, 0xff), 0, 4, 8192 - 32);
  await file.close();
  await cluster.start();
  await expect(check()).rejects.toMatchObject({
    ...{ type: 'RestoreUnproven', exitCode: 5 },
    message: expect.stringMatching(/database "shop" by pg_amcheck: .*heap table "shop.public.t"/),
  });
});
