import { PassThrough } from 'node:stream';
import { execa } from 'execa';
import type { ConnectionSettings } from '../../config/config.js';
import { HoldfastError } from '../../domain/errors.js';
import { withConnection } from '../connection/connection.js';
import { cancelled } from '../connection/error.js';
import { resolveConnection } from '../connection/resolve.js';
import { sessionName } from '../connection/session-name.js';
import { childEnvironment } from '../program/child-environment.js';
import type { ClientTools } from '../program/client-tools.js';
import { programFailure } from '../program/failure.js';
import { ProgramMessages } from '../program/messages.js';
import { notRunnable } from '../program/not-runnable.js';
import { conninfo } from '../quote.js';

export interface DumpGlobalsOptions {
  tools: Pick<ClientTools, 'pgDumpall'>;
  connection: ConnectionSettings;
  /** Where to connect: any database that the role may enter shows the cluster's globals. */
  database: string;
  /** Names the session: see {@link sessionName}. */
  runTag: string;
  signal?: AbortSignal;
}

/** The cluster's roles and tablespaces as SQL, or why there is none. */
export type Globals =
  | {
      text: Buffer;
      because: null /** Why the roles' passwords are not in it; null when they are. */;
      passwordsMissingBecause: string | null;
    }
  | { text: null; because: string; passwordsMissingBecause: null };

/** Roles and tablespaces of a hundred thousand users stay far below this. */
const largestBytes = 256 * 1024 * 1024;

const attempted = 'dump roles and tablespaces';

/**
 * Runs `pg_dumpall --globals-only`. The text has the roles' password hashes: it is to be kept as safe as the
 * server's own files. A role that may not read them gets a text without, and one that may read nothing the reason.
 * @throws HoldfastError ServerUnreachable, AuthenticationFailed, ConnectionLost, ClientTooOld, DumpInterrupted,
 * ToolMissing, Cancelled
 */
export async function dumpGlobals(options: DumpGlobalsOptions): Promise<Globals> {
  const { pgDumpall } = options.tools;
  if (!pgDumpall)
    return { text: null, because: 'there is no pg_dumpall beside pg_dump', passwordsMissingBecause: null };
  try {
    return { text: await run(pgDumpall.path, [], options), because: null, passwordsMissingBecause: null };
  } catch (first) {
    await explainConnection(first, options);
    const passwordsMissingBecause = refusal(first);
    try {
      const text = await run(pgDumpall.path, ['--no-role-passwords'], options);
      return { text, because: null, passwordsMissingBecause };
    } catch (second) {
      return { text: null, because: refusal(second), passwordsMissingBecause: null };
    }
  }
}

/** The words of a failure that privileges may explain; any other is thrown on. */
function refusal(error: unknown): string {
  if (error instanceof HoldfastError && error.type === 'DumpFailed') return error.message;
  throw error;
}

/** pg_dumpall keeps to itself why it could not connect to a database that it was told: a session of ours says it. */
async function explainConnection(error: unknown, options: DumpGlobalsOptions): Promise<void> {
  if (!(error instanceof HoldfastError) || error.type !== 'ServerUnreachable') return;
  const { signal } = options;
  await withConnection(options.connection, options.database, async () => {}, signal && { signal });
}

async function run(path: string, more: string[], options: DumpGlobalsOptions): Promise<Buffer> {
  const { database, signal } = options;
  const connection = resolveConnection(options.connection, database);
  // pg_dumpall asks for `postgres` whatever PGDATABASE says, and reads --database as a connection string.
  const args = ['--globals-only', '--no-password', `--database=${conninfo('dbname', database)}`, ...more];
  const child = execa(path, args, {
    env: childEnvironment(connection, { applicationName: sessionName(options.runTag) }),
    extendEnv: false,
    stdin: 'ignore',
    encoding: 'buffer',
    stripFinalNewline: false,
    maxBuffer: largestBytes,
    reject: false,
    ...(signal && { cancelSignal: signal }),
    forceKillAfterDelay: 5_000,
  });
  const end = await child;
  if (end.isCanceled) throw cancelled(attempted);
  if (!end.failed) return Buffer.from(end.stdout);
  if (child.pid === undefined) throw notRunnable(attempted, path, end.code);
  const messages = new ProgramMessages();
  await messages.read(new PassThrough().end(end.stderr));
  throw programFailure({
    attempted,
    program: 'pg_dumpall',
    exitCode: end.exitCode,
    signal: end.signal,
    messages,
  });
}
