import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { stopServer } from '../../dist/src/postgres/recovery/postmaster.js';
import { runCommand, startCommand } from './commands.mjs';
import { count, say, typed } from './telling.mjs';

/** A table is dropped by mistake, and brought back from a copy of the whole cluster as it was one second before. */
export async function showPointInTime({ postgres, env, undo }) {
  say('A dump goes back to when it was made. With its WAL archived, a cluster goes back to any moment');
  postgres.beginArchiving();
  await runCommand(env, ['wal', 'setup', '--apply']);
  say('From now on every hour: the archive verified, a base backup taken where one is due');
  await runCommand(env, ['wal']);

  const { expected, before } = await loseTable(postgres);
  say('The hourly job now rather than later, so that the last WAL is in the archive');
  await runCommand(env, ['wal']);

  say(
    'The whole cluster of one second before the mistake, in a folder of its own: nothing that runs is touched',
  );
  const dataDir = join(postgres.folder, 'then');
  undo.push(() => stopServer(dataDir));
  const target = ['--target-time', before, '--target-action', 'pause'];
  const told = await startCommand(env, ['restore', ...target, '--data-dir', dataDir]).finish();
  const [, socket, role] = /psql -h (\S+) -p \d+ -U (\S+)/.exec(told) ?? [];
  if (role === undefined) throw new Error('the recovered cluster was not told of');
  takeOver({ postgres, copy: { PGHOST: socket, PGUSER: role }, expected });
}

/** A table that no backup has is filled and dropped: what was in it, and the time one second before it was dropped. */
async function loseTable(postgres) {
  say('Payments come in, of which no backup knows');
  enter(
    postgres,
    'CREATE TABLE payments (id bigint PRIMARY KEY, account_id bigint REFERENCES accounts, amount numeric);',
  );
  enter(postgres, 'INSERT INTO payments SELECT i, 1 + i % 20000, i % 991 FROM generate_series(1, 50000) i;');
  const expected = payments(postgres);
  console.log(`\n  payments  ${expected}`);
  await delay(1500);
  const query = "SELECT now(), now() - interval '1 second'";
  const [now, before] = postgres.psql('trading', ['-c', query]).split('|');
  enter(postgres, 'DROP TABLE payments;', `   -- at ${now}, on the wrong server again`);
  return { expected, before };
}

/** The table goes from the recovered copy to where it was dropped, by PostgreSQL's own programs. */
function takeOver({ postgres, copy, expected }) {
  say(
    'In the copy the table is there: made writable, it is dumped by pg_dump, and loaded where it is missing',
  );
  const there = `-h ${copy.PGHOST} -U ${copy.PGUSER}`;
  typed(`psql ${there} -c 'SELECT pg_promote()'`);
  console.log(postgres.psql('postgres', ['-c', 'SELECT pg_promote()'], copy));
  console.log(`\n  payments in the copy     ${payments(postgres, copy)}`);
  console.log(`  payments in production   ${payments(postgres)}`);
  const pipe = `pg_dump ${there} -t payments trading | psql -q trading`;
  typed(pipe);
  const env = { ...postgres.connection, PATH: `${postgres.bin}:${process.env.PATH}`, PSQLRC: '/dev/null' };
  const { status } = spawnSync('sh', ['-c', pipe], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  const got = payments(postgres);
  console.log(`  payments in production   ${got}`);
  if (status !== 0 || got !== expected)
    throw new Error(`payments: ${expected} before the mistake, ${got} now`);
}

function enter(postgres, sql, thought = '') {
  typed(sql + thought, 'trading=#');
  console.log(postgres.psql('trading', ['-v', 'QUIET=off', '-c', sql]));
}

/** What is in the table, in words. */
function payments(postgres, server = {}) {
  const ask = (sql) => postgres.psql('trading', ['-c', sql], server);
  if (ask("SELECT to_regclass('payments') IS NULL") === 't') return 'gone';
  const [rows, sum] = ask('SELECT count(*), sum(amount) FROM payments').split('|');
  return `${count(rows)} rows, worth ${count(sum)}`;
}
