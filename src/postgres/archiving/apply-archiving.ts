import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { HoldfastError } from '../../domain/errors.js';
import type { ArchivingFacts, SettingPlan } from '../../domain/wal/archiving.js';
import { whyNotServersFile } from '../connection/server-file.js';
import { quoteLiteral } from '../quote.js';
import { inspectArchiving } from './inspect-archiving.js';

const reload = 'SELECT pg_reload_conf()';

/** The statements that set what is to be changed, and the reload after them; none where nothing is. */
export function archivingStatements(plans: readonly SettingPlan[]): string[] {
  const changes = plans
    .filter(({ state }) => state === 'change' || state === 'foreign')
    .map(({ name, needed }) => `ALTER SYSTEM SET ${name} = ${quoteLiteral(needed).trimStart()}`);
  return changes.length === 0 ? [] : [...changes, reload];
}

/**
 * Runs them, once the server itself sees the script; then tells the settings that came of it.
 *
 * @throws HoldfastError `ArchivingRefused` when the server sees another file system
 */
export async function applyArchiving(
  client: pg.Client,
  script: string,
  statements: readonly string[],
): Promise<ArchivingFacts> {
  const flaw = await whyNotServersFile(client, script);
  if (flaw !== undefined) {
    throw new HoldfastError('ArchivingRefused', {
      attempted: `set archive_command to run ${script}`,
      cause: `the server does not see that file: ${flaw}`,
      remedy: 'set BACKUP_DIR to a folder that the server, maybe in a container, has under the same path',
    });
  }
  // Each on its own: ALTER SYSTEM can't run in a transaction.
  for (const statement of statements) await client.query(statement);
  return statements.length === 0 ? inspectArchiving(client) : reloaded(client);
}

const patienceMs = 5_000;

/** The session itself is told of a reload a moment later. */
async function reloaded(client: pg.Client): Promise<ArchivingFacts> {
  const until = Date.now() + patienceMs;
  for (;;) {
    const facts = await inspectArchiving(client);
    const isSettled = Object.values(facts.settings).every(
      ({ now, next, pendingRestart }) => now === next || pendingRestart,
    );
    if (isSettled || Date.now() > until) return facts;
    await delay(50);
  }
}
