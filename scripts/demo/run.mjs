import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { demoEnvironment, runCommand, startWorker, stopProcesses } from './commands.mjs';
import { showDisaster } from './disaster.mjs';
import { showPointInTime } from './point-in-time.mjs';
import { startPostgres } from './postgres.mjs';
import { proveFile } from './proof.mjs';
import { say } from './telling.mjs';
import { connectDemoTemporal, showSteps } from './temporal.mjs';

/** Backs up a sample trading database, spoils it, restores it with approval, undoes that, and goes back by one second. */
export async function runDemo({ keep }) {
  const began = Date.now();
  const undo = [];
  const stop = stopOnSignal();
  try {
    await Promise.race([tell({ keep, began, undo, stop }), stop.asked]);
  } finally {
    for (const step of undo.reverse()) await step();
  }
}

async function tell({ keep, began, undo, stop }) {
  const { postgres, temporal, env } = await begin(undo);

  await runCommand(env, ['backup', 'trading']);
  await runCommand(env, ['list']);
  say('What Temporal recorded: every step of the workflow, replayable');
  await showSteps(temporal, 'full-backup/default/trading');
  proveFile(postgres, env.BACKUP_DIR);

  await showDisaster({ postgres, temporal, env });
  await showPointInTime({ postgres, env, undo });

  console.log(`\nDone in ${Math.round((Date.now() - began) / 1000)} s.`);
  if (!keep) return;
  leaveRunning(temporal, env);
  await stop.asked;
}

/** Servers, database and worker; what ends each of them is added to `undo`. */
async function begin(undo) {
  say('A private PostgreSQL server, and a sample trading database of some 100 MB');
  const postgres = startPostgres();
  undo.push(() => postgres.stop());
  postgres.psql('postgres', ['-c', 'CREATE DATABASE trading']);
  postgres.psql('trading', ['-f', fileURLToPath(new URL('trading.sql', import.meta.url))]);
  const size = postgres.psql('trading', ['-c', "SELECT pg_size_pretty(pg_database_size('trading'))"]);
  const version = postgres.psql('trading', ['-c', 'SHOW server_version']);
  console.log(`  PostgreSQL ${version}, database "trading": ${size}`);

  const work = mkdtempSync(join(tmpdir(), 'holdfast-demo-files-'));
  undo.push(() => rmSync(work, { recursive: true, force: true }));
  // The server's OS user passes through to the archive.
  chmodSync(work, 0o711);
  const own = demoEnvironment(postgres, work);

  say('A private Temporal server, its Web UI, and a worker');
  const temporal = await connectDemoTemporal(own);
  undo.push(() => temporal.close());
  console.log(`  Temporal at ${temporal.address}, Web UI at ${temporal.uiAddress}`);
  // Otherwise a server of the caller's own, where there is one at the default address, would be taken.
  const env = { ...own, TEMPORAL_ADDRESS: temporal.address };
  undo.push(stopProcesses);
  await startWorker(env);
  return { postgres, temporal, env };
}

function leaveRunning(temporal, env) {
  console.log(`\nLeft running. Web UI: ${temporal.uiAddress}; for commands of your own:`);
  for (const name of ['PGHOST', 'PGUSER', 'BACKUP_DIR', 'HOLDFAST_STATE_DIR', 'TEMPORAL_ADDRESS'])
    console.log(`  export ${name}=${env[name]}`);
  console.log('Ctrl-C stops and removes everything.');
}

/** Ctrl-C and SIGTERM end the demo as its own end does: with everything stopped and removed. */
function stopOnSignal() {
  const asked = new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'])
      process.once(signal, () => {
        process.exitCode = 130;
        resolve();
      });
  });
  return { asked };
}
