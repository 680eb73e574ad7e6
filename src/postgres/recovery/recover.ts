import { readdir } from 'node:fs/promises';
import { HoldfastError } from '../../domain/errors.js';
import type { RecoveryBase } from '../../domain/recovery/contracts.js';
import {
  describeTarget,
  type RecoveryAction,
  type RecoveryTarget,
  type TargetTimeline,
  targetSettings,
} from '../../domain/recovery/target.js';
import { type LsnText, positionOf } from '../../domain/wal/base-backup.js';
import { cancelled } from '../connection/error.js';
import { restoreCommand } from './archive-script.js';
import { requireWhole } from './claim-folder.js';
import { type ControlData, readControlData } from './control-data.js';
import { type Postmaster, removeRunFolder, runningPostmaster, stopServer } from './postmaster.js';
import { finishPromotion } from './promote.js';
import { TablespaceMade } from './recovery-failure.js';
import { writeRecovery } from './recovery-settings.js';
import type { ServerAccount } from './server-account.js';
import type { ServerPrograms } from './server-programs.js';
import { type StartedServer, startServer } from './start-server.js';
import { clearMadeFolder, lockTablespaces, unlockTablespaces } from './tablespace-links.js';
import { type RecoveryProgress, type WatchedRecovery, watchRecovery } from './watch-recovery.js';

export interface RecoverOptions {
  programs: ServerPrograms;
  /** Into which `extractBase` unpacked the base backup. */
  dataDir: string;
  base: Pick<RecoveryBase, 'id' | 'systemIdentifier' | 'bootstrapRole'>;
  account: ServerAccount | undefined;
  /** Full path of the folder of archived WAL, which the account must be able to read. */
  walFolder: string;
  target: RecoveryTarget;
  /** @defaultValue `pause` */
  action?: RecoveryAction;
  /** A position of the archive that replay has to get to, where the target itself is none. */
  mustReach?: LsnText | undefined;
  /** @defaultValue `latest` */
  timeline?: TargetTimeline;
  /** Replay may make tablespaces in the folders that WAL names. @defaultValue false: it fails there */
  makeTablespaces?: boolean;
  /** Settings of the server above those that every recovering server gets. */
  settings?: Record<string, string>;
  signal?: AbortSignal;
  /** Told segment by segment, and how far replay has come. */
  onProgress?: (progress: RecoveryProgress) => void;
}

/** A cluster that was recovered to its target. */
export interface RecoveredCluster {
  /** Why the server stopped replaying, in its own words: `before commit of transaction 726, time …`. */
  stopReason: string;
  /** Undefined where the server did not tell. */
  replayedLsn: LsnText | undefined;
  /** Commit time of the last transaction in it. */
  replayedTo: string | undefined;
  /** That the cluster goes on with: a new one after a promotion. */
  timeline: number;
  segments: number;
  control: ControlData;
  /** Undefined after a shutdown. */
  server: Postmaster | undefined;
}

/**
 * Recovers an unpacked base backup to a target: writes what recovery needs into the data directory, starts a private
 * server, watches it, and proves that it stopped for the target and no other reason. What an earlier attempt left running
 * is stopped first; replay goes on where that one came to. When it fails, or is cancelled, no server is left running.
 * Where WAL has it make a tablespace, in a folder that others may use, it fails with `TablespaceMade`.
 * @throws HoldfastError `RecoveryTargetInvalid`, `RecoveryTargetNotReached`, `RecoveryFailed`, `RecoveryInterrupted`,
 *   `DataDirectoryRefused`, `ToolMissing`, `Cancelled`
 */
export async function recover(options: RecoverOptions): Promise<RecoveredCluster> {
  const { programs, dataDir, account, target, base, action = 'pause', timeline = 'latest' } = options;
  const attempted = `recover ${dataDir} to ${describeTarget(target)}`;
  const settings = targetSettings(target, { action, timeline });
  await requireWhole(attempted, dataDir);
  await stopServer(dataDir);
  const control = await readControlData(programs, dataDir);
  await requireRecoverable(attempted, dataDir, base, control);
  const command = restoreCommand(options.walFolder);
  await writeRecovery(dataDir, { restore_command: command, ...settings }, account);
  const startedMs = Date.now();
  await lockTablespaces(dataDir, account);
  if (options.makeTablespaces) await unlockTablespaces(dataDir);
  const server = await startServer({ programs, dataDir, control, account, settings: options.settings });
  try {
    const watched = await watch(options, server, attempted);
    const recovered = await describe(options, watched);
    if (!recovered.server) await removeRunFolder(server.runFolder);
    return recovered;
  } catch (error) {
    await stopServer(dataDir);
    await removeRunFolder(server.runFolder);
    if (error instanceof TablespaceMade) await clearMadeFolder(error.location, startedMs);
    throw options.signal?.aborted ? cancelled(attempted) : error;
  } finally {
    await unlockTablespaces(dataDir);
  }
}

async function watch(options: RecoverOptions, server: StartedServer, attempted: string) {
  const { dataDir, target, base, action = 'pause', onProgress = () => {} } = options;
  const { signal = new AbortController().signal } = options;
  const role = base.bootstrapRole;
  return await watchRecovery({ ...{ attempted, server, dataDir, target, action, role }, signal, onProgress });
}

/** What is there after recovery: control file, and the server where one still runs. */
async function describe(options: RecoverOptions, watched: WatchedRecovery): Promise<RecoveredCluster> {
  const { programs, dataDir, account, action = 'pause', target } = options;
  const attempted = `check ${dataDir} after its recovery to ${describeTarget(target)}`;
  const control = await readControlData(programs, dataDir);
  const expected = {
    pause: 'in archive recovery',
    promote: 'in production',
    shutdown: 'shut down in recovery',
  };
  if (control.state !== expected[action]) {
    const cause = `pg_controldata says "${control.state}", it should be "${expected[action]}"`;
    throw new HoldfastError('RecoveryFailed', { attempted, cause, remedy: 'look at the server’s log' });
  }
  requireReached(attempted, watched.replayedLsn, options.mustReach);
  if (action === 'promote') await finishPromotion(dataDir, account, watched.timeline ?? control.timeline);
  return {
    stopReason: watched.stopReason,
    replayedLsn: watched.replayedLsn,
    replayedTo: watched.replayedTo,
    segments: watched.segments,
    timeline: watched.timeline ?? control.timeline,
    control,
    server: await runningPostmaster(dataDir),
  };
}

/** A server without a target takes any end of the WAL for the end, a damaged record too. */
function requireReached(attempted: string, replayed: LsnText | undefined, mustReach?: LsnText): void {
  if (mustReach === undefined) return;
  if (replayed !== undefined && positionOf(replayed) >= positionOf(mustReach)) return;
  throw new HoldfastError('RecoveryTargetNotReached', {
    attempted,
    cause: `replay ended at ${replayed ?? 'an unknown position'}, and the archive goes beyond ${mustReach}`,
    remedy: 'see what `holdfast wal` says of the archive; recover to a point in time before that',
  });
}

/** Wrong data directories are refused before anything is written into them. */
async function requireRecoverable(
  attempted: string,
  dataDir: string,
  { id, systemIdentifier: identifier }: RecoverOptions['base'],
  { systemIdentifier, state }: ControlData,
): Promise<void> {
  const refuse = (cause: string) => {
    const remedy = 'give the folder into which the base backup was unpacked';
    return new HoldfastError('DataDirectoryRefused', { attempted, cause, remedy });
  };
  if (systemIdentifier !== identifier)
    throw refuse(`it holds a cluster of system ${systemIdentifier}, base backup ${id} is of ${identifier}`);
  // As it was unpacked, or where an earlier attempt has begun.
  const names = await readdir(dataDir);
  if (!names.includes('backup_label') && !names.includes('recovery.signal'))
    throw refuse(`its cluster is "${state}": it went on since it was recovered`);
}
