import type { ConnectionSettings } from '../../config/config.js';
import { HoldfastError } from '../../domain/errors.js';
import { cancelled } from '../connection/error.js';
import { replicationConnection } from '../connection/resolve.js';
import { sessionName } from '../connection/session-name.js';
import { childEnvironment } from '../program/child-environment.js';
import { diskFailure, programFailure } from '../program/failure.js';
import { ProgramMessages } from '../program/messages.js';
import { notRunnable } from '../program/not-runnable.js';
import { startProgram } from '../program/program.js';
import { type BaseCopyProgress, withoutProgress } from './base-progress.js';

export interface BasebackupRun {
  /** Path of `pg_basebackup`. */
  program: string;
  connection: ConnectionSettings;
  /** An empty folder, or one that is to be made. Emptied again by `pg_basebackup` when it fails. */
  folder: string;
  /** Arguments that say how it compresses. */
  compress: readonly string[];
  /** Whether a slot of its own keeps the WAL on the server until it was copied. */
  withSlot: boolean;
  checkpoint: 'fast' | 'spread';
  /** Size of the cluster, as far as known. */
  expectedBytes: number;
  label: string;
  /** Names the session: see {@link sessionName}. */
  runTag: string;
  /** What it is run for, in words. */
  attempted: string;
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: BaseCopyProgress) => void) | undefined;
}

/**
 * Runs `pg_basebackup` into a folder. Its WAL is streamed over a second connection while the files are copied: with
 * `fetch` it would be asked for at the end, when a busy server may have removed it; and it stays a file of its own,
 * that anybody can look into. Files are synced by `pg_basebackup` itself.
 * @throws HoldfastError BaseBackupFailed, BaseBackupInterrupted, NotEnoughSpace, ConnectionLost, ServerUnreachable,
 * AuthenticationFailed, ToolMissing, Cancelled; {@link BuildLacksCompression}
 */
export async function runBasebackup(run: BasebackupRun): Promise<void> {
  const { program, attempted, signal, onProgress = () => {} } = run;
  const { child, exited } = startProgram({
    path: program,
    args: argumentsOf(run),
    env: childEnvironment(replicationConnection(run.connection), {
      applicationName: sessionName(run.runTag),
    }),
    stdout: 'pipe',
    // It forks the receiver of the WAL, which a signal to itself alone leaves running, with both sessions and its slot.
    ownGroup: true,
    ...(signal && { signal }),
  });
  child.stdout?.resume();
  const messages = new ProgramMessages();
  let left = run.expectedBytes;
  const told = (progress: BaseCopyProgress) => {
    left = progress.totalBytes - progress.copiedBytes;
    onProgress(progress);
  };
  const [end] = await Promise.all([
    exited,
    child.stderr && messages.read(withoutProgress(child.stderr, told)),
  ]);
  if (signal?.aborted) throw cancelled(attempted);
  if (end.exitCode === 0) return;
  if (end.notStarted !== undefined) throw notRunnable(attempted, program, end.notStarted);
  throw await failure(run, programFailure({ attempted, program: 'pg_basebackup', ...end, messages }), left);
}

/** The server or `pg_basebackup` was built without what was asked for: another way of compressing may do. */
export class BuildLacksCompression extends HoldfastError {}

function argumentsOf(run: BasebackupRun): string[] {
  return [
    `--pgdata=${run.folder}`,
    '--format=tar',
    '--wal-method=stream',
    ...run.compress,
    `--checkpoint=${run.checkpoint}`,
    '--manifest-checksums=SHA256',
    `--label=${run.label}`,
    '--no-password',
    '--progress',
    '--verbose',
    ...(run.withSlot ? [] : ['--no-slot']),
  ];
}

/** @param neededBytes what was still to be copied, before it is compressed */
async function failure(run: BasebackupRun, error: HoldfastError, neededBytes: number): Promise<unknown> {
  const { attempted, cause } = error.story;
  const disk = await diskFailure(cause, { attempted, path: run.folder, neededBytes });
  if (disk !== undefined) return disk;
  if (/is not supported by this build/.test(cause))
    return new BuildLacksCompression('BaseBackupFailed', error.story, { cause: error });
  if (error.type === 'DumpInterrupted') return new HoldfastError('BaseBackupInterrupted', error.story);
  return error.type === 'DumpFailed' ? new HoldfastError('BaseBackupFailed', error.story) : error;
}
