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

export interface ReceivewalRun {
  /** Path of `pg_receivewal`. */
  program: string;
  connection: ConnectionSettings;
  /** Full path; it goes on after the newest segment in there, else from where the slot begins. */
  folder: string;
  slot: string;
  /** Names the session: see {@link sessionName}. */
  runTag: string;
  attempted: string;
  signal: AbortSignal;
  /** Told what it says. */
  onStep?: (words: string) => void;
}

/**
 * Runs `pg_receivewal` until it ends, which is always a failure: it streams for ever. `--synchronous` makes what came
 * durable before more is awaited and tells the server at once, so that the slot's position is what surely is here;
 * `--no-loop` leaves it to the caller what becomes of a lost connection. A connection that is gone ends it, so that none
 * outlives its worker for longer than its session.
 * @throws HoldfastError StreamInterrupted, StreamFailed, ConnectionLost, ServerUnreachable, AuthenticationFailed,
 *   NotEnoughSpace, ToolMissing, Cancelled
 */
export async function runReceivewal(run: ReceivewalRun): Promise<never> {
  const { program, folder, attempted, signal } = run;
  const { child, exited } = startProgram({
    path: program,
    args: [
      `--directory=${folder}`,
      `--slot=${run.slot}`,
      '--synchronous',
      '--no-loop',
      '--no-password',
      '--verbose',
    ],
    env: childEnvironment(replicationConnection(run.connection), {
      applicationName: sessionName(run.runTag),
    }),
    stdout: 'pipe',
    signal,
  });
  child.stdout?.resume();
  const messages = new ProgramMessages(run.onStep);
  const [end] = await Promise.all([exited, child.stderr && messages.read(child.stderr)]);
  if (signal.aborted) throw cancelled(attempted);
  if (end.notStarted !== undefined) throw notRunnable(attempted, program, end.notStarted);
  throw await failure(folder, programFailure({ attempted, program: 'pg_receivewal', ...end, messages }));
}

/**
 * Whether the server has no WAL any more, or never had, from where the folder ends: by its words, which an English server
 * says. In other languages a person has to read them.
 */
export function isPositionGone(error: unknown): boolean {
  return (
    error instanceof HoldfastError &&
    /has already been removed|not in this server's history|ahead of the WAL flush position/.test(
      error.story.cause,
    )
  );
}

async function failure(folder: string, error: HoldfastError): Promise<unknown> {
  const { attempted, cause } = error.story;
  const disk = await diskFailure(cause, { attempted, path: folder });
  if (disk !== undefined) return disk;
  // What another session of the same slot, a shutdown or a crash do to it passes. All of these are its own words.
  const passes = /termination of replication stream|stream was terminated|send replication command/.test(
    cause,
  );
  if (error.type === 'DumpInterrupted' || (error.type === 'DumpFailed' && passes))
    return new HoldfastError('StreamInterrupted', { attempted, cause });
  if (error.type !== 'DumpFailed') return error;
  const remedy = `see what the server says of it; where the two have parted for good, move ${folder} away`;
  return new HoldfastError('StreamFailed', { attempted, cause, remedy });
}
