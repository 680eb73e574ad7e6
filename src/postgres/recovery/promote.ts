import { constants } from 'node:fs';
import { access, chown, open } from 'node:fs/promises';
import { join } from 'node:path';
import { HoldfastError } from '../../domain/errors.js';
import { storing } from '../../files/storage-error.js';
import { withConnection } from '../connection/connection.js';
import { runningPostmaster } from './postmaster.js';
import { removeRecovery } from './recovery-settings.js';
import { connectionTo } from './replay-state.js';
import type { ServerAccount } from './server-account.js';

export interface PromoteOptions {
  dataDir: string;
  account: ServerAccount | undefined;
  /** Of the cluster; a superuser. */
  role: string;
}

/**
 * Makes a cluster that waits at its target a writable one, on a timeline of its own, which is given.
 * @throws HoldfastError `RecoveryFailed`
 */
export async function promoteRecovered({ dataDir, account, role }: PromoteOptions): Promise<number> {
  const attempted = `promote the cluster in ${dataDir}`;
  const failed = (cause: string) =>
    new HoldfastError('RecoveryFailed', { attempted, cause, remedy: 'look at the server’s log' });
  const server = await runningPostmaster(dataDir);
  if (!server) throw failed('no server runs there');
  const timeline = await withConnection(connectionTo(server, role), 'template1', async (client) => {
    // It ends by itself after the hour that it is given.
    await client.query('SET statement_timeout = 0');
    const { rows } = await client.query<{ promoted: boolean }>('SELECT pg_promote(true, 3600) AS promoted');
    if (rows[0]?.promoted !== true) throw failed('the server did not promote itself in time');
    const { rows: files } = await client.query<{ id: number }>(
      `SELECT ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int AS id`,
    );
    return files[0]?.id ?? 0;
  });
  await finishPromotion(dataDir, account, timeline);
  return timeline;
}

/**
 * Takes away what recovery needed. The server that promoted itself does not archive; so that the history of its timeline
 * comes into an archive when the cluster is started with one, it is marked as ready for it, as a server that archives
 * does at once.
 */
export async function finishPromotion(
  dataDir: string,
  account: ServerAccount | undefined,
  timeline: number,
): Promise<void> {
  await removeRecovery(dataDir, account);
  const history = `${timeline.toString(16).toUpperCase().padStart(8, '0')}.history`;
  const there = await access(join(dataDir, 'pg_wal', history)).then(
    () => true,
    () => false,
  );
  if (!there) return;
  const mark = join(dataDir, 'pg_wal', 'archive_status', `${history}.ready`);
  await storing({ attempted: `write ${mark}`, path: mark }, async () => {
    const handle = await open(mark, constants.O_CREAT | constants.O_NOFOLLOW | constants.O_WRONLY, 0o600);
    await handle.close();
    if (account) await chown(mark, account.uid, account.gid);
  });
}
