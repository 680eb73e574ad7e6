import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { count, say } from './telling.mjs';

/** Restores the newest file with common tools alone, and compares every table's rows. */
export function proveFile(postgres, data) {
  say('The same proof without Holdfast: gunzip -c … | psql, then every table counted on both sides');
  const newest = `ls -t "$1"/full/*.sql.gz | grep -v globals | head -1`;
  const file = execFileSync('sh', ['-c', newest, 'sh', data], { encoding: 'utf8' }).trim();
  postgres.psql('postgres', ['-c', 'CREATE DATABASE proof TEMPLATE template0']);
  const load = spawnSync(
    'sh',
    ['-c', 'gunzip -c "$1" | "$2" -Xq -v ON_ERROR_STOP=1 -d proof', 'sh', file, join(postgres.bin, 'psql')],
    { env: { PATH: process.env.PATH, ...postgres.connection }, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  if (load.status !== 0) throw new Error(`psql ended with ${load.status}`);
  const query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1";
  for (const table of postgres.psql('trading', ['-c', query]).split('\n')) {
    const [live, restored] = ['trading', 'proof'].map((name) =>
      postgres.psql(name, ['-c', `SELECT count(*) FROM ${table}`]),
    );
    if (live !== restored) throw new Error(`${table}: ${live} rows live, ${restored} restored`);
    console.log(`  ${table.padEnd(14)}${count(live).padStart(8)} rows live = ${count(restored)} restored`);
  }
  postgres.psql('postgres', ['-c', 'DROP DATABASE proof']);
}
