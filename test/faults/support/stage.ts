import { expect } from 'vitest';
import { type Cluster, type ClusterOptions, startCluster } from '../../support/cluster.js';
import { createWorkplace } from '../../support/holdfast.js';
import { startTemporal } from '../../support/temporal.js';
import { canary, database, openScene, type Scene } from './scene.js';

/** A server that asks for the canary password, with a database, and a repository with one backup of it. */
export interface Stage extends AsyncDisposable {
  readonly cluster: Cluster;
  /** Sets up a test. */
  open(env?: Record<string, string>): Promise<Scene>;
}

/** Rows of the one table: some 5 MB of dump, which gzip halves. */
export const rows = 60_000;

/** At this rate the dump lasts several seconds, and its progress still shows twice a second. */
export const slow = 1_000_000;

const table = `CREATE TABLE trades AS SELECT i AS id, md5(i::text) AS buyer, md5((-i)::text) AS seller FROM generate_series(1, ${rows}) i`;

/** Starts the server, and makes the older backup that every test's repository begins with. */
export async function openStage(options: ClusterOptions = {}, setup = table): Promise<Stage> {
  const cluster = await startCluster({ password: canary, ...options });
  await cluster.createDatabase(database);
  await cluster.psql(setup, database);
  const older = await createWorkplace({ ...cluster.env, PG_BIN_DIR: cluster.binDir });
  const dispose = async () => {
    await older[Symbol.asyncDispose]();
    await cluster[Symbol.asyncDispose]();
  };
  try {
    await using temporal = await startTemporal();
    const { exitCode, stderr } = await older.start(['backup', database], temporal.env);
    expect(exitCode, stderr).toBe(0);
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    cluster,
    open: (env = {}) => openScene(cluster, older.backupDir, env),
    [Symbol.asyncDispose]: dispose,
  };
}

/** Gives the database a table whose dump has several MB, until it is disposed of. */
export async function grown({ cluster }: Stage): Promise<AsyncDisposable> {
  const columns = 'md5(i::text) AS a, md5((-i)::text) AS b';
  await cluster.psql(`CREATE TABLE large AS SELECT ${columns} FROM generate_series(1, 100000) i`, database);
  return { [Symbol.asyncDispose]: async () => void (await cluster.psql('DROP TABLE large', database)) };
}
