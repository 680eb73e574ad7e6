import { buffer } from 'node:stream/consumers';
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
import { startProgram } from '../program/program.js';
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
  const env = childEnvironment(connection, { applicationName: sessionName(options.runTag) });
  // Not by execa: where there are no descriptors left for its pipes, it would end this process.
  const { child, exited } = startProgram({ path, args, env, stdout: 'pipe', ...(signal && { signal }) });
  const messages = new ProgramMessages();
  const [end, text] = await Promise.all([
    exited,
    child.stdout && buffer(child.stdout),
    child.stderr && messages.read(child.stderr),
  ]);
  if (signal?.aborted) throw cancelled(attempted);
  if (end.notStarted !== undefined) throw notRunnable(attempted, path, end.notStarted);
  if (end.exitCode === 0 && text) return text;
  throw programFailure({ attempted, program: 'pg_dumpall', ...end, messages });
}
