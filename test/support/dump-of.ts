import { join } from 'node:path';
import { execa } from 'execa';
import type { Cluster } from './cluster.js';

/** What `pg_dump` writes of a database, without the random token that newer versions begin and end it with. */
export async function dumpOf(cluster: Cluster, database: string): Promise<string> {
  const { stdout } = await execa(join(cluster.binDir, 'pg_dump'), [], {
    env: { ...cluster.env, PGDATABASE: database },
    maxBuffer: 1024 * 1024 * 1024,
  });
  return stdout.replace(/^\\(un)?restrict .*$/gm, '');
}

/** Restores a stored dump the way its documentation says, with `gunzip -c | psql` alone. */
export async function loadByHand(cluster: Cluster, artifact: string, database: string): Promise<void> {
  const script = 'gunzip -c "$1" | "$2" -Xq -v ON_ERROR_STOP=1';
  const env = { ...cluster.env, PGDATABASE: database };
  await execa('bash', ['-o', 'pipefail', '-c', script, 'bash', artifact, join(cluster.binDir, 'psql')], {
    env,
  });
}
