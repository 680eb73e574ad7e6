import { existsSync } from 'node:fs';
import { type ErrorStory, HoldfastError } from '../../domain/errors.js';
import { type ResolvedConnection, showConnection } from './resolve.js';

/** What PostgreSQL or a socket says of an error, whichever of the two it is. */
export interface ReportedError {
  /** SQLSTATE, or an errno name such as `ECONNREFUSED`. */
  code: string;
  /** In the words of PostgreSQL or of the operating system. */
  words: string;
}

/** Reads an error of node-postgres or of a socket. */
export function reportedError(error: unknown): ReportedError {
  const { code, message, detail, errors } = (error ?? {}) as {
    code?: unknown;
    message?: string;
    detail?: string;
    errors?: Error[];
  };
  // A name with several addresses: Node reports each of them, and nothing above them.
  const text = message || (errors ?? []).map((each) => each.message).join('; ') || String(error);
  return { code: typeof code === 'string' ? code : '', words: detail ? `${text} (${detail})` : text };
}

/** Whether a code is PostgreSQL's, which always has a digit, rather than an errno name such as `EPIPE`. */
export function isSqlState(code: string): boolean {
  return /^(?=.*\d)[0-9A-Z]{5}$/.test(code);
}

const tlsCodes = /^(ERR_TLS|ERR_SSL|ERR_OSSL|EPROTO|CERT_|UNABLE_|SELF_SIGNED|DEPTH_ZERO|INVALID_|HOSTNAME_)/;

const networkCodes =
  /^(ECONNREFUSED|ECONNRESET|EPIPE|ENOENT|EACCES|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENOTFOUND|EAI_AGAIN)$/;

/** Class 08, shutdown, crash, starting up, too many clients. */
const serverGone = /^(08...|57P0[1235]|53300)$/;

const connectionEnded =
  /^(Connection terminated|Client has encountered a connection error|Client was closed|timeout expired|read ETIMEDOUT)/;

/** What helps where the server has no room for one more session. */
export const moreRoom =
  'Close sessions, or raise max_connections or the CONNECTION LIMIT of role and database: a backup takes two sessions at a time, a restore some seven.';

/** By SQLSTATE: too_many_connections, cannot_connect_now. */
const remedies: Record<string, string> = {
  '53300': moreRoom,
  '57P03':
    'Wait until it takes connections: it starts, recovers from a crash, or stops; its log tells which.',
};

/** What helps where a statement needs more locks than the server has room for. */
export const moreLocks =
  'Raise max_locks_per_transaction on the server, and restart it: it has no room for as many locks as there are tables and indexes.';

/** What helps where a standby ended a session to go on with its replay (PostgreSQL manual, "Handling Query Conflicts"). */
export const easeConflicts =
  'Set hot_standby_feedback = on on the standby, or raise its max_standby_streaming_delay above the time of a dump, or back up from the primary.';

/** The server's words for that: its hint names the setting in every language. */
export const noRoomForLocks = /out of shared memory|max_locks_per_transaction/;

/** What kept a session from being opened, as an error of the catalogue. */
export function connectError(error: unknown, connection: ResolvedConnection): HoldfastError {
  if (error instanceof HoldfastError) return error;
  const { code, words } = reportedError(error);
  const attempted = `connect to database ${JSON.stringify(connection.database)} at ${showConnection(connection)}`;
  const story = { attempted, cause: words };
  const options = { cause: error };
  if (code === '3D000')
    return new HoldfastError('DatabaseUnknown', { ...story, remedy: 'Name one of the databases.' }, options);
  if (code === '55000') {
    const remedy =
      (error as { hint?: string }).hint ??
      'Name another database, or open this one: ALTER DATABASE … ALLOW_CONNECTIONS true.';
    return new HoldfastError('DatabaseUnknown', { ...story, remedy }, options);
  }
  if (code === 'ENOENT' && connection.host.startsWith('/'))
    return new HoldfastError('ServerUnreachable', noSocket(attempted, connection), options);
  if (networkCodes.test(code) || serverGone.test(code) || connectionEnded.test(words)) {
    const where = `${connection.host}:${connection.port}`;
    const remedy = remedies[code] ?? `Check that PostgreSQL runs and takes connections at ${where}.`;
    return new HoldfastError('ServerUnreachable', { ...story, remedy }, options);
  }
  if (code.startsWith('28')) return authenticationFailed(story, connection, options);
  if (code === '42501') {
    const remedy = `Grant the role CONNECT on the database.`;
    return new HoldfastError('AuthenticationFailed', { ...story, remedy }, options);
  }
  if (tlsCodes.test(code) || /SSL connection/.test(words)) {
    const remedy = `Check sslmode (${connection.sslmode}) and the certificates.`;
    return new HoldfastError('AuthenticationFailed', { ...story, remedy }, options);
  }
  if (words.startsWith('SASL')) return authenticationFailed(story, connection, options);
  return new HoldfastError('ServerUnreachable', story, options);
}

/** Tried again like a port at which nobody listens: a server that starts makes the socket, and maybe its folder. */
function noSocket(attempted: string, { host, port }: ResolvedConnection): ErrorStory {
  return existsSync(host)
    ? {
        attempted,
        cause: `no server has a socket for port ${port} in the folder ${host} (ENOENT)`,
        remedy: 'Start PostgreSQL, or correct PGPORT, or PGHOST (a path is the folder of the socket).',
      }
    : {
        attempted,
        cause: `the folder ${host}, where the server’s socket should be, does not exist`,
        remedy:
          'Correct PGHOST: a path is the folder of the server’s socket. A server may make it when it starts.',
      };
}

function authenticationFailed(
  story: { attempted: string; cause: string },
  connection: ResolvedConnection,
  options: ErrorOptions,
): HoldfastError {
  const { passwordFileIgnored: ignored } = connection;
  const cause = ignored && !connection.password ? `${story.cause} (${ignored})` : story.cause;
  const remedy =
    'Check user and password (PGPASSWORD, password file or service) and the server’s pg_hba.conf.';
  return new HoldfastError('AuthenticationFailed', { attempted: story.attempted, cause, remedy }, options);
}

/** No password where the server asks for one: said before node-postgres would say it in its own way. */
export function passwordMissing(connection: ResolvedConnection): HoldfastError {
  const attempted = `connect to database ${JSON.stringify(connection.database)} at ${showConnection(connection)}`;
  const cause = 'the server asks for a password, and none is configured';
  return authenticationFailed({ attempted, cause }, connection, {});
}

/** What went wrong in an open session; an error that is not PostgreSQL's stays what it is. */
export function sessionError(error: unknown, attempted: string, isLost: boolean): unknown {
  if (error instanceof HoldfastError) return error;
  const { code, words } = reportedError(error);
  const story = { attempted, cause: words };
  const options = { cause: error };
  if (isLost || serverGone.test(code) || connectionEnded.test(words))
    return new HoldfastError('ConnectionLost', { ...story, remedy: 'Check that PostgreSQL runs.' }, options);
  if (!isSqlState(code)) return error;
  if (code === '55P03') return new HoldfastError('LockTimeout', story, options);
  if (code === '42501') {
    const remedy = 'Grant the role what it lacks, or connect as another.';
    return new HoldfastError('AuthenticationFailed', { ...story, remedy }, options);
  }
  const remedy = code === '53200' && noRoomForLocks.test(hintedWords(error)) ? { remedy: moreLocks } : {};
  return new HoldfastError('GeneralError', { ...story, ...remedy }, options);
}

function hintedWords(error: unknown): string {
  const { message = '', hint = '' } = (error ?? {}) as { message?: string; hint?: string };
  return `${message} ${hint}`;
}

/** Somebody asked to stop. */
export function cancelled(attempted: string): HoldfastError {
  return new HoldfastError('Cancelled', { attempted, cause: 'it was cancelled' });
}
