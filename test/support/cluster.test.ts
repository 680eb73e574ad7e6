import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { startCluster } from './cluster.js';
import { postgresVersions } from './postgresql-binaries.js';
import { isAlive, startTypeScript } from './typescript-process.js';

test.for(postgresVersions)(
  'a cluster of PostgreSQL %i runs, with its own settings and client tools',
  async (version) => {
    await using cluster = await startCluster({ version, settings: { work_mem: '7MB' } });
    expect(await cluster.psql('SHOW server_version')).toMatch(new RegExp(`^${version}\\.`));
    expect(await cluster.psql('SHOW work_mem')).toBe('7MB');
    expect(await cluster.psql('SELECT datcollate FROM pg_database')).toBe('C.UTF-8\nC.UTF-8\nC.UTF-8');
  },
);

test('what was written before a stop, even an immediate one, is there after the start', async () => {
  await using cluster = await startCluster();
  await cluster.createDatabase('shop "one"');
  await cluster.psql('CREATE TABLE t AS SELECT 42 AS a', 'shop "one"');
  const before = cluster.pid;
  await cluster.stop('immediate');
  expect(() => cluster.pid).toThrow('does not run');
  await cluster.start();
  expect(cluster.pid).not.toBe(before);
  expect(await cluster.psql('SELECT a FROM t', 'shop "one"')).toBe('42');
});

test('psql stops at the first error and says it', async () => {
  await using cluster = await startCluster();
  await expect(cluster.psql('SELECT 1/0; CREATE TABLE after_error ()')).rejects.toThrow('division by zero');
  expect(await cluster.psql("SELECT to_regclass('after_error') IS NULL")).toBe('t');
});

test('a cluster with a password refuses whoever gives none', async () => {
  await using cluster = await startCluster({ password: "it's" });
  expect(await cluster.psql('SELECT 1')).toBe('1');
  const { PGPASSWORD: _, ...env } = cluster.env;
  const run = execa(`${cluster.binDir}/psql`, ['-w', '-c', 'SELECT 1', 'postgres'], { env });
  await expect(run).rejects.toThrow('no password supplied');
});

test('nothing is left of a disposed cluster', async () => {
  const cluster = await startCluster();
  const { pid, dataDir } = cluster;
  await cluster[Symbol.asyncDispose]();
  expect(existsSync(dirname(dataDir))).toBe(false);
  expect(isAlive(pid)).toBe(false);
});

test('a cluster whose postmaster was killed starts again', async () => {
  await using cluster = await startCluster();
  const { pid } = cluster;
  process.kill(pid, 'SIGKILL');
  await expect.poll(() => isAlive(pid)).toBe(false);
  await cluster.start();
  expect(await cluster.psql('SELECT 1')).toBe('1');
});

test('a test run that is killed leaves neither server nor files', async () => {
  const run = await startTypeScript(
    './test/support/cluster.ts',
    'const cluster = await module.startCluster(); console.log(JSON.stringify([cluster.pid, cluster.dataDir]));',
  );
  const [pid, dataDir] = JSON.parse(run.line) as [number, string];
  expect(isAlive(pid)).toBe(true);
  await run.kill('SIGKILL');
  await expect.poll(() => isAlive(pid)).toBe(false);
  await expect.poll(() => existsSync(dirname(dataDir))).toBe(false);
});
