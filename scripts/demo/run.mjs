import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startPostgres } from './postgres.mjs';
import { connectDemoTemporal, showSteps } from './temporal.mjs';

const cli = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
const color = process.stdout.isTTY && !process.env.NO_COLOR;

/** Backs up a sample trading database, lists it, shows the workflow's steps, and proves the file without Holdfast. */
export async function runDemo({ keep }) {
  const began = Date.now();
  const undo = [];
  try {
    say('A private PostgreSQL server, and a sample trading database of some 100 MB');
    const postgres = startPostgres();
    undo.push(() => postgres.stop());
    postgres.psql('postgres', ['-c', 'CREATE DATABASE trading']);
    postgres.psql('trading', ['-f', fileURLToPath(new URL('trading.sql', import.meta.url))]);
    const size = postgres.psql('trading', ['-c', "SELECT pg_size_pretty(pg_database_size('trading'))"]);
    console.log(
      `PostgreSQL ${postgres.psql('trading', ['-c', 'SHOW server_version'])}, database "trading": ${size}`,
    );

    const work = mkdtempSync(join(tmpdir(), 'holdfast-demo-files-'));
    undo.push(() => rmSync(work, { recursive: true, force: true }));
    const env = demoEnvironment(postgres, work);
    const holdfast = (...args) => runCommand(env, args);

    say('A private Temporal server, with its Web UI');
    const temporal = await connectDemoTemporal(env);
    undo.push(() => temporal.close());
    console.log(`Temporal at ${temporal.address}, Web UI at ${temporal.uiAddress}`);
    const worker = await startWorker(env);
    undo.push(() => stopProcess(worker));

    await holdfast('backup', 'trading');
    await holdfast('list');

    say('What Temporal recorded: every step of the workflow, replayable');
    await showSteps(temporal, 'full-backup/default/trading');

    proveFile(postgres, join(work, 'data'));

    console.log(`\nDone in ${Math.round((Date.now() - began) / 1000)} s.`);
    if (keep) await waitForInterrupt(temporal, env);
  } finally {
    for (const step of undo.reverse()) await step();
  }
}

function demoEnvironment(postgres, work) {
  const state = join(work, 'state');
  mkdirSync(state, { mode: 0o700 });
  const { PATH, HOME, USER, TERM, LANG, NO_COLOR, XDG_CACHE_HOME, HOLDFAST_CACHE_DIR, PG_BIN_DIR } =
    process.env;
  const kept = { PATH, HOME, USER, TERM, LANG, NO_COLOR, XDG_CACHE_HOME, HOLDFAST_CACHE_DIR, PG_BIN_DIR };
  const defined = Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined));
  const pgBin = { PG_BIN_DIR: PG_BIN_DIR ?? postgres.bin };
  return {
    ...defined,
    ...pgBin,
    ...postgres.connection,
    BACKUP_DIR: join(work, 'data'),
    HOLDFAST_STATE_DIR: state,
  };
}

/** Runs a command as a person would, its output shown as it comes. */
async function runCommand(env, args) {
  say(`$ holdfast ${args.join(' ')}`);
  const child = spawn(process.execPath, [cli, ...args], {
    env,
    cwd: env.HOLDFAST_STATE_DIR,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`holdfast ${args.join(' ')} ended with ${code}`);
}

async function startWorker(env) {
  const logPath = join(env.HOLDFAST_STATE_DIR, 'worker.log');
  const log = openSync(logPath, 'w', 0o600);
  const child = spawn(process.execPath, [cli, 'worker'], {
    env,
    cwd: env.HOLDFAST_STATE_DIR,
    stdio: ['ignore', log, log],
  });
  for (let tries = 0; tries < 300; tries += 1) {
    if (readFileSync(logPath, 'utf8').includes('working for host')) return child;
    if (child.exitCode !== null) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`the worker did not start:\n${readFileSync(logPath, 'utf8')}`);
}

async function stopProcess(child) {
  if (child.exitCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

/** Restores the newest file with common tools alone, and compares every table's rows. */
function proveFile(postgres, data) {
  say(
    'The proof, without Holdfast: gunzip -c … | psql into a new database, every table counted on both sides',
  );
  const file = execFileSync(
    'sh',
    ['-c', `ls -t "$1"/full/*.sql.gz | grep -v globals | head -1`, 'sh', data],
    { encoding: 'utf8' },
  ).trim();
  postgres.psql('postgres', ['-c', 'CREATE DATABASE proof TEMPLATE template0']);
  const load = spawnSync(
    'sh',
    ['-c', 'gunzip -c "$1" | "$2" -Xq -v ON_ERROR_STOP=1 -d proof', 'sh', file, join(postgres.bin, 'psql')],
    { env: { PATH: process.env.PATH, ...postgres.connection }, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  if (load.status !== 0) throw new Error(`psql ended with ${load.status}`);
  const tables = postgres
    .psql('trading', ['-c', "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"])
    .split('\n');
  for (const table of tables) {
    const [live, restored] = ['trading', 'proof'].map((name) =>
      postgres.psql(name, ['-c', `SELECT count(*) FROM ${table}`]),
    );
    if (live !== restored) throw new Error(`${table}: ${live} rows live, ${restored} restored`);
    console.log(`  ${table.padEnd(14)} ${live.padStart(8)} rows live = ${restored.padStart(8)} restored`);
  }
}

async function waitForInterrupt(temporal, env) {
  console.log(`\nLeft running. Web UI: ${temporal.uiAddress}`);
  for (const name of ['PGHOST', 'PGUSER', 'BACKUP_DIR', 'HOLDFAST_STATE_DIR'])
    console.log(`  export ${name}=${env[name]}`);
  console.log('Ctrl-C stops and removes everything.');
  await new Promise((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
    setInterval(() => undefined, 60_000).unref?.call(undefined);
  });
}

function say(text) {
  console.log(color ? `\n\u001b[1m${text}\u001b[0m` : `\n${text}`);
}
