import { type Cluster, type ClusterOptions, startCluster } from '../../support/cluster.js';
import { createWorkplace } from '../../support/holdfast.js';
import { startTemporal, type TemporalServer } from '../../support/temporal.js';
import { canary, database, openScene, type Scene } from './scene.js';

/** Servers for the tests of a file: PostgreSQL, which asks for the canary password, and Temporal; and an older backup. */
export interface Stage extends AsyncDisposable {
  readonly cluster: Cluster;
  readonly temporal: TemporalServer;
  /** Sets up a test. */
  open(env?: Record<string, string>): Promise<Scene>;
}

/** Rows of the one table: some 4 MB of dump, which gzip halves. */
export const rows = 50_000;

/** At this rate the dump lasts several seconds, and its progress still shows twice a second. */
export const slow = 1_000_000;

const table = `CREATE TABLE trades AS SELECT i AS id, md5(i::text) AS buyer, md5((-i)::text) AS seller FROM generate_series(1, ${rows}) i`;

/** Starts the servers, and makes the older backup that every test's repository begins with. */
export async function openStage(options: ClusterOptions = {}, setup = table): Promise<Stage> {
  const parts: AsyncDisposable[] = [];
  const dispose = async () => {
    for (const part of parts) await part[Symbol.asyncDispose]();
  };
  try {
    const cluster = await startCluster({ password: canary, ...options });
    parts.unshift(cluster);
    await cluster.createDatabase(database);
    await cluster.psql(setup, database);
    const temporal = await startTemporal();
    parts.unshift(temporal);
    const place = await createWorkplace({ ...cluster.env, ...temporal.env, PG_BIN_DIR: cluster.binDir });
    parts.unshift(place);
    await place.json('backup', database);
    const open = (env = {}) => openScene({ cluster, temporal, older: place.backupDir, env });
    return { cluster, temporal, open, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** Gives the database a table whose dump has several MB, until it is disposed of. */
export async function grown({ cluster }: Stage): Promise<AsyncDisposable> {
  const columns = 'md5(i::text) AS a, md5((-i)::text) AS b';
  await cluster.psql(`CREATE TABLE large AS SELECT ${columns} FROM generate_series(1, 100000) i`, database);
  return { [Symbol.asyncDispose]: async () => void (await cluster.psql('DROP TABLE large', database)) };
}
