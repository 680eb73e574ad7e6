import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dumpGlobals } from '../../../src/postgres/dump/globals.js';
import { type ClientTools, findClientTools } from '../../../src/postgres/program/client-tools.js';
import { type Cluster, startCluster } from '../../support/cluster.js';
import { postgresVersions } from '../../support/postgresql-binaries.js';
import { hostileNames } from '../hostile-names.js';

let cluster: Cluster;
let tools: ClientTools;

beforeAll(async () => {
  cluster = await startCluster();
  tools = await findClientTools(cluster.version, { pgBinDir: cluster.binDir });
  await cluster.psql("CREATE ROLE ann LOGIN PASSWORD 'secret'; CREATE ROLE plain LOGIN");
});
afterAll(() => cluster[Symbol.asyncDispose]());

const settingsOf = (of: Cluster, user: string = of.user) => ({ host: of.socketDir, port: of.port, user });
const globals = (database: string, user?: string) =>
  dumpGlobals({ tools, connection: settingsOf(cluster, user), database, runTag: 'run-1' });

test.for(postgresVersions)('PostgreSQL %i: roles are dumped, their password hashes too', async (version) => {
  await using other = await startCluster({ version });
  await other.psql("CREATE ROLE ann LOGIN PASSWORD 'secret'");
  const found = await findClientTools(version, { pgBinDir: other.binDir });
  const connection = settingsOf(other);
  const { text, passwordsMissingBecause } = await dumpGlobals({
    tools: found,
    connection,
    database: 'postgres',
    runTag: 'run-1',
  });
  expect(text?.toString()).toMatch(/^ALTER ROLE ann WITH .* PASSWORD 'SCRAM-SHA-256\$/m);
  expect(text?.toString().endsWith('\n')).toBe(true);
  expect(passwordsMissingBecause).toBeNull();
});

test('a role that may not read passwords gets the roles without', async () => {
  const { text, passwordsMissingBecause } = await globals('postgres', 'plain');
  expect(text?.toString()).toMatch(/^CREATE ROLE ann;$/m);
  expect(text?.toString()).not.toContain('SCRAM');
  expect(passwordsMissingBecause).toContain('permission denied for table pg_authid');
});

test('a role that may read nothing gets the reason', async () => {
  await using other = await startCluster();
  await other.psql('CREATE ROLE plain LOGIN; REVOKE SELECT ON pg_roles FROM PUBLIC');
  const connection = settingsOf(other, 'plain');
  const result = await dumpGlobals({ tools, connection, database: 'postgres', runTag: 'run-1' });
  expect(result).toMatchObject({ text: null, because: expect.stringContaining('permission denied') });
});

test('any database of any name will do to connect to', async () => {
  for (const name of hostileNames) {
    await cluster.createDatabase(name);
    expect((await globals(name)).text?.toString(), name).toContain('CREATE ROLE ann;');
  }
});

test.for([14, 15, 18] as const)(
  'PostgreSQL %i: a failing connection is thrown for what it is',
  async (version) => {
    await using other = await startCluster({ version, password: 'canary' });
    const found = await findClientTools(version, { pgBinDir: other.binDir });
    const attempt = (more: object, database = 'postgres') =>
      dumpGlobals({
        tools: found,
        connection: { ...settingsOf(other), password: 'canary', ...more },
        database,
        runTag: 'run-1',
      });
    await expect(attempt({ port: 1 })).rejects.toMatchObject({ type: 'ServerUnreachable' });
    await expect(attempt({ password: 'wrong' })).rejects.toMatchObject({ type: 'AuthenticationFailed' });
    await expect(attempt({}, 'unknown')).rejects.toMatchObject({ type: 'DatabaseUnknown' });
  },
);

test('an abort cancels', async () => {
  const signal = AbortSignal.abort();
  const connection = settingsOf(cluster);
  await expect(
    dumpGlobals({ tools, connection, database: 'postgres', runTag: 'run-1', signal }),
  ).rejects.toMatchObject({ type: 'Cancelled' });
});

test('a missing pg_dumpall is a reason, not a failure', async () => {
  const result = await dumpGlobals({
    tools: { pgDumpall: null },
    connection: settingsOf(cluster),
    database: 'postgres',
    runTag: 'run-1',
  });
  expect(result).toMatchObject({ text: null, because: expect.stringContaining('pg_dumpall') });
});

test('a shortage of descriptors fails the step alone, and is told with the limit', async () => {
  const script = `
    const { openSync, closeSync } = await import('node:fs');
    const { runnerImport } = await import('vite');
    const options = { configFile: false, logLevel: 'error' };
    const { module } = await runnerImport('src/postgres/dump/globals.ts', options);
    const open = [];
    try { for (;;) open.push(openSync('/dev/null')); } catch {}
    const tools = { pgDumpall: { path: process.argv[1], version: '15', major: 15 } };
    const connection = { host: '/tmp', port: 1, user: 'postgres' };
    const ask = module.dumpGlobals({ tools, connection, database: 'postgres', runTag: 'run-1' });
    const error = await ask.catch((error) => error);
    for (const each of open) closeSync(each);
    process.stdout.write(JSON.stringify({ type: error?.type, remedy: error?.remedy }));`;
  const limited = 'ulimit -n 200; exec "$0" --input-type=module -e "$1" "$2"';
  const program = join(cluster.binDir, 'pg_dumpall');
  const { stdout } = await execa('sh', ['-c', limited, process.execPath, script, program]);
  expect(JSON.parse(stdout)).toEqual({ type: 'GeneralError', remedy: expect.stringContaining('ulimit -n') });
});
