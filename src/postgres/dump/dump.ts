import type { Readable, Writable } from 'node:stream';
import type { ConnectionSettings } from '../../config/config.js';
import { explainRefusal } from '../connection/connection.js';
import { cancelled } from '../connection/error.js';
import { resolveConnection } from '../connection/resolve.js';
import { sessionName } from '../connection/session-name.js';
import { childEnvironment } from '../program/child-environment.js';
import type { ClientTools } from '../program/client-tools.js';
import { programFailure } from '../program/failure.js';
import { ProgramMessages } from '../program/messages.js';
import { notRunnable } from '../program/not-runnable.js';
import { startProgram } from '../program/program.js';
import { showName } from '../quote.js';
import { namingLockHolders } from './lock-holders.js';

export interface DumpOptions {
  tools: Pick<ClientTools, 'pgDump'>;
  connection: ConnectionSettings;
  database: string;
  /** Of {@link withSnapshot}; absent: `pg_dump` takes its own. */
  snapshotId?: string;
  /** Names the session: see {@link sessionName}. */
  runTag: string;
  /**
   * `pipe` to read the dump here, or a stream with a file descriptor (the standard input of a compressor) that
   * `pg_dump` writes to itself. Such a stream is destroyed here once it is handed over, or its reader would never
   * see the end.
   */
  stdout: 'pipe' | Writable;
  signal?: AbortSignal;
  /** Told what is being dumped, in `pg_dump`'s words: `contents of table "public.trades"`. */
  onStep?: (text: string) => void;
  /** How long to wait for a table that another session has locked. @defaultValue 60_000 */
  lockWaitTimeoutMs?: number;
}

export interface RunningDump {
  /** The dump; null when it goes to a stream that was given. */
  stdout: Readable | null;
  /**
   * Resolves when `pg_dump` ended with exit code 0: with what it warned of. Whether the dump is whole is for its
   * reader to see.
   * @throws HoldfastError DumpFailed, DumpInterrupted, LockTimeout, ConnectionLost, ServerUnreachable,
   * AuthenticationFailed, DatabaseUnknown, ClientTooOld, ToolMissing, Cancelled
   */
  finished: Promise<DumpEnd>;
  pid: number | undefined;
}

export interface DumpEnd {
  /** `pg_dump`'s last warnings. */
  warnings: string[];
}

/**
 * Starts `pg_dump` of one database as SQL that `psql` alone loads into an empty database: no `--create` and no
 * `--clean`, everything else as it stands. Without `--enable-row-security`, so that a role that may not see
 * every row fails instead of dumping some.
 */
export function startDump(options: DumpOptions): RunningDump {
  const { tools, stdout, signal, lockWaitTimeoutMs = 60_000 } = options;
  const connection = resolveConnection(options.connection, options.database);
  const { child, exited } = startProgram({
    path: tools.pgDump.path,
    args: dumpArguments(lockWaitTimeoutMs, options.snapshotId),
    env: childEnvironment(connection, { applicationName: sessionName(options.runTag) }),
    stdout,
    ...(signal && { signal }),
  });
  const messages = new ProgramMessages(options.onStep);
  const attempted = `dump database ${showName(options.database)}`;
  const finish = async (): Promise<DumpEnd> => {
    const [end] = await Promise.all([exited, child.stderr && messages.read(child.stderr)]);
    if (end.exitCode === 0) return { warnings: messages.warnings };
    if (signal?.aborted) {
      // Nobody may be reading any more.
      child.stdout?.destroy();
      throw cancelled(attempted);
    }
    if (end.notStarted !== undefined) throw notRunnable(attempted, tools.pgDump.path, end.notStarted);
    const failure = programFailure({ attempted, program: 'pg_dump', ...end, messages, lockWaitTimeoutMs });
    const explain = failure.type === 'LockTimeout' ? namingLockHolders : explainRefusal;
    throw await explain(failure, options.connection, options.database);
  };
  const finished = finish();
  // Awaited when the reader is through; a failure before that must not count as unhandled.
  finished.catch(() => {});
  return { stdout: stdout === 'pipe' ? child.stdout : null, finished, pid: child.pid };
}

function dumpArguments(lockWaitTimeoutMs: number, snapshotId: string | undefined): string[] {
  return [
    '--format=plain',
    '--verbose',
    '--no-password',
    `--lock-wait-timeout=${lockWaitTimeoutMs}`,
    ...(snapshotId === undefined ? [] : [`--snapshot=${snapshotId}`]),
  ];
}
