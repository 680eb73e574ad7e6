import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { execa } from 'execa';
import type { ConnectionSettings } from '../../../config/config.js';
import { HoldfastError } from '../../../domain/errors.js';
import { explainRefusal } from '../../connection/connection.js';
import { cancelled } from '../../connection/error.js';
import { resolveConnection } from '../../connection/resolve.js';
import { sessionName } from '../../connection/session-name.js';
import { childEnvironment } from '../../program/child-environment.js';
import type { ClientTools } from '../../program/client-tools.js';
import { notRunnable } from '../../program/not-runnable.js';
import { showName } from '../../quote.js';
import { EndOfDump } from './end-of-dump.js';
import { loadFailure } from './failure.js';
import { LoadMessages } from './messages.js';
import { type LoadSettings, pgOptions } from './settings.js';
import { type LoadProgress, LoadSteps } from './steps.js';

export interface LoadOptions {
  tools: Pick<ClientTools, 'psql'>;
  connection: ConnectionSettings;
  /** The staging database. */
  database: string;
  /**
   * The decompressed dump, or `pipe`: then a decompressor is to be started that writes to {@link RunningLoad.stdin}
   * itself, which is to be destroyed here once it is handed over. With `pipe` nobody but the caller sees whether the
   * dump came whole: the decompressor must have ended with exit code 0.
   */
  stdin: Readable | 'pipe';
  /** Of `readLoadSettings`. */
  sessionSettings: LoadSettings;
  /** Names the session: see {@link sessionName}. */
  runTag: string;
  signal?: AbortSignal;
  onStep?: (progress: LoadProgress) => void;
}

export interface RunningLoad {
  /** psql's standard input; null when the dump comes from a stream that was given. */
  stdin: Writable | null;
  /**
   * Resolves when every statement was done. The sessions' last words are in the error's cause, with the line of the
   * dump.
   * @throws HoldfastError LoadFailed, LoadInterrupted, RoleMissing, ExtensionMissing, NotEnoughSpace, ClientTooOld,
   * ConnectionLost, ServerUnreachable, ToolMissing, Cancelled; and what the given stream fails with
   */
  finished: Promise<LoadProgress & { warnings: string[] }>;
  pid: number | undefined;
}

/**
 * Starts `psql`, which loads a dump and stops at the first error.
 *
 * Not in a single transaction: a failed load's database is dropped anyway, and one transaction would hold a lock on
 * every object of it, which a server with default settings can't for some thousands of tables.
 */
export function startLoad(options: LoadOptions): RunningLoad {
  const { tools, database, stdin, signal } = options;
  const attempted = `load the backup into database ${showName(database)}`;
  if (!tools.psql) throw notRunnable(attempted, 'psql', undefined);
  const connection = resolveConnection(options.connection, database);
  const child = execa(tools.psql.path, loadArguments, {
    env: {
      ...childEnvironment(connection, { applicationName: sessionName(options.runTag) }),
      PGOPTIONS: pgOptions(options.sessionSettings),
    },
    extendEnv: false,
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
    buffer: false,
    reject: false,
    ...(signal && { cancelSignal: signal }),
    forceKillAfterDelay: 5_000,
    // In a process group of its own: Ctrl-C at the terminal is for us, who cancel it.
    detached: true,
  });
  const feeding = stdin === 'pipe' ? Promise.resolve(undefined) : feed(stdin, child.stdin);
  const messages = new LoadMessages();
  const steps = new LoadSteps(options.onStep);
  const finish = async () => {
    const [end, fed] = await Promise.all([
      child,
      feeding,
      steps.read(child.stdout),
      messages.read(child.stderr),
    ]);
    // Its exit code alone counts: an input that was handed over or refused makes execa call the run failed.
    const isDone = end.exitCode === 0;
    if (end.isCanceled || (!isDone && signal?.aborted)) throw cancelled(attempted);
    if (child.pid === undefined) throw notRunnable(attempted, tools.psql?.path ?? 'psql', end.code);
    if (fed?.error !== undefined) throw fed.error;
    const { exitCode, signal: killedBy } = end;
    if (!isDone) {
      const failure = loadFailure({ attempted, exitCode, signal: killedBy, error: messages.lastError });
      throw await explainRefusal(failure, options.connection, database);
    }
    if (fed && !fed.isWhole) throw cutShort(attempted);
    return { ...steps.progress, warnings: messages.warnings };
  };
  const finished = finish();
  // Awaited when the producer is through; a failure before that must not count as unhandled.
  finished.catch(() => {});
  return { stdin: stdin === 'pipe' ? child.stdin : null, finished, pid: child.pid };
}

/** `--file=-` has psql tell the line of an error; unaligned tuples, so that a command tag is a line of its own. */
const loadArguments = [
  '--no-psqlrc',
  '--no-password',
  '--no-align',
  '--tuples-only',
  '--set=ON_ERROR_STOP=1',
  '--set=VERBOSITY=verbose',
  '--set=SHOW_CONTEXT=errors',
  '--pset=pager=off',
  '--file=-',
];

interface Fed {
  isWhole: boolean;
  /** Why the stream that was given ended early. */
  error?: unknown;
}

/** psql takes any end of its input for the end of the dump: whether it was is told here. */
async function feed(source: Readable, stdin: Writable): Promise<Fed> {
  const end = new EndOfDump();
  let sourceError: unknown;
  source.once('error', (error) => {
    sourceError = error;
  });
  const isBroken = await pipeline(source, end, stdin).then(
    () => false,
    () => true,
  );
  return sourceError !== undefined
    ? { isWhole: false, error: sourceError }
    : { isWhole: !isBroken && end.isFound };
}

function cutShort(attempted: string): HoldfastError {
  return new HoldfastError('LoadFailed', {
    attempted,
    cause: 'the dump ended before its end marker',
    remedy: 'Verify the backup, and restore another one.',
  });
}
