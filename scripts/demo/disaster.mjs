import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { runCommand, startCommand, track } from './commands.mjs';
import { count, say, typed } from './telling.mjs';

/** The database is spoilt by hand, restored with the approval of a second person, and the restore is undone. */
export async function showDisaster({ postgres, temporal, env }) {
  say('An afternoon like any other');
  showState(postgres);
  for (const [sql, thought] of [
    ['UPDATE orders SET price = 0.01;', '   -- the WHERE was forgotten'],
    ['DROP TABLE trades CASCADE;', '   -- and this was not the test server'],
  ]) {
    typed(sql + thought, 'trading=#');
    console.log(postgres.psql('trading', ['-v', 'QUIET=off', '-c', sql]));
  }
  console.log('');
  showState(postgres);

  const client = startClient(env);
  const restoring = startCommand(env, ['restore', '--latest', 'trading', '--reason', 'UPDATE without WHERE']);
  await restoring.hold('holdfast reject');
  const id = 'restore/default/trading';
  const handle = temporal.client.workflow.getHandle(id);
  const { evidence } = await handle.query('status');
  const { runId } = await handle.describe();
  console.log(`  Web UI   ${temporal.workflowPage(id, runId)}/user-metadata`);

  say('The database still serves, as bad as it is. In a second terminal, somebody else looks and agrees');
  await runCommand(env, ['approvals']);
  const digest = evidence.digest.slice(0, 12);
  await runCommand(env, ['approve', 'trading', '--evidence', digest, '--reason', 'ticket 4711, agreed']);

  say('Back in the first terminal');
  const told = await restoring.finish();
  const [, previous] = /restore undo (\S+)/.exec(told) ?? [];
  await client.tell();
  say('The rows are back');
  showState(postgres);

  say('What was replaced is kept for a day. Was it the wrong decision, it comes back');
  await runCommand(env, ['restore', 'undo', previous]);
  console.log('');
  showState(postgres);
}

function showState(postgres) {
  const query = `SELECT count(*), sum(quantity * price)::numeric(20, 2) FROM orders`;
  const [orders, worth] = postgres.psql('trading', ['-c', query]).split('|');
  const there = postgres.psql('trading', ['-c', "SELECT to_regclass('trades') IS NOT NULL"]) === 't';
  const trades = there ? postgres.psql('trading', ['-c', 'SELECT count(*) FROM trades']) : undefined;
  console.log(`  orders  ${count(orders).padStart(8)} rows, worth ${count(worth)}`);
  console.log(`  trades  ${trades === undefined ? '    gone' : `${count(trades).padStart(8)} rows`}`);
}

/** Someone who works with the database meanwhile. */
function startClient(env) {
  const path = fileURLToPath(new URL('client.mjs', import.meta.url));
  const stdio = ['ignore', 'pipe', 'inherit'];
  const child = track(spawn(process.execPath, [path, 'trading'], { env, stdio }));
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    printed += text;
  });
  const closed = once(child, 'close');
  return {
    async tell() {
      child.kill('SIGTERM');
      await closed;
      const { queries, refusals, longestPauseMs } = JSON.parse(printed);
      const words = `${count(queries)} answers, ${refusals} refused, the longest time without an answer ${Math.round(longestPauseMs)} ms`;
      say('A client that asked all the while, with a new connection each time');
      console.log(`  ${words}`);
    },
  };
}
