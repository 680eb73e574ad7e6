import { type ErrorType, HoldfastError } from '../../domain/errors.js';
import { type StorageContext, storageError } from '../../files/storage-error.js';
import { easeConflicts, moreLocks, moreRoom, noRoomForLocks } from '../connection/error.js';
import type { ProgramMessages } from './messages.js';

/** How a PostgreSQL program ended, and what it was run for. */
export interface ProgramEnd {
  /** Operation and object, as in `dump database "shop"`. */
  attempted: string;
  /** `pg_dump`, `pg_dumpall`. */
  program: string;
  exitCode: number | undefined;
  /** Name of the signal that ended it. */
  signal: string | undefined;
  messages: ProgramMessages;
  /** As given to `--lock-wait-timeout`. */
  lockWaitTimeoutMs?: number;
}

const noRoom = /(too many (connections|clients)|remaining connection slots)/;

/**
 * Errors by the programs' words. Theirs are in English (LC_ALL=C), the server's may not be: each type needs one
 * sign that is the program's or libpq's own.
 */
const signs: [ErrorType, RegExp, string?][] = [
  [
    'AuthenticationFailed',
    /(private key file|certificate file) ".*"/,
    'Correct the file: sslcert and sslkey in the service, or PGSSLCERT and PGSSLKEY.',
  ],
  ['ClientTooOld', /server version mismatch/, 'Install client programs as new as the server.'],
  ['LockTimeout', /canceling statement due to lock timeout/],
  ['DumpInterrupted', /conflict with recovery/, easeConflicts],
  [
    'AuthenticationFailed',
    /(authentication failed|no pg_hba\.conf entry|no password supplied|permission denied for database)/,
    'Check user and password and the server’s pg_hba.conf.',
  ],
  ['DatabaseUnknown', /connection to server .* failed: .*database ".*" does not exist/s, 'Name another.'],
  ['ServerUnreachable', noRoom, moreRoom],
  [
    'ServerUnreachable',
    /(connection to server .* failed:|could not connect to database)/s,
    'Check that PostgreSQL runs and takes connections.',
  ],
  [
    'ConnectionLost',
    /(server closed the connection|terminating connection|SSL connection has been closed|could not receive data from server|could not send data to server|no connection to the server|SSL SYSCALL error|lost synchronization with server)/,
    'Check that PostgreSQL runs.',
  ],
  // A socket whose reader went away with bytes unread resets the connection instead of raising SIGPIPE.
  [
    'DumpInterrupted',
    /(terminated by user|could not write to output file: (Broken pipe|Connection reset by peer))/,
  ],
  ['DumpFailed', noRoomForLocks, moreLocks],
  [
    'DumpFailed',
    /row-level security/,
    'Back up with a role that has BYPASSRLS: a dump under row security would lack rows.',
  ],
  [
    'DumpFailed',
    /large object/,
    'Grant the role SELECT on the large objects, which pg_read_all_data leaves out: `holdfast init --print-roles` has it.',
  ],
  [
    'DumpFailed',
    /permission denied/,
    'Grant the role pg_read_all_data, or back up with the owner or a superuser.',
  ],
  [
    'DumpFailed',
    /(invalid page|checksum|could not read block|missing chunk|unexpected chunk)/,
    'The server’s data is damaged: keep the older backups and check the disk.',
  ],
];

/** Why a program failed, as an error of the catalogue with the program's own last words. */
export function programFailure(end: ProgramEnd): HoldfastError {
  const { attempted, program, messages } = end;
  const words = messages.lastWords;
  if (end.signal !== undefined) {
    // SIGPIPE is no killer's: nobody reads what the program writes.
    const why =
      end.signal === 'SIGPIPE' ? 'what read its output went away' : `it was killed by ${end.signal}`;
    const cause = `${program} did not end by itself: ${why}${words ? `; it last said: ${words}` : ''}`;
    return new HoldfastError('DumpInterrupted', { attempted, cause, remedy: 'Find out what ended it.' });
  }
  const cause = words
    ? `${program}: ${words}`
    : `${program} ended with exit code ${end.exitCode}, saying nothing`;
  const [type, , remedy] = waitedForLock(end)
    ? (['LockTimeout', undefined] as const)
    : (signs.find(([, sign]) => sign.test(cause)) ?? (['DumpFailed', undefined] as const));
  const advice =
    remedy ?? (type === 'LockTimeout' ? 'Find the session that holds the lock, or wait.' : undefined);
  return new HoldfastError(type, { attempted, cause, ...(advice && { remedy: advice }) });
}

/**
 * `pg_dump` waits for locks by way of statement_timeout, so the server speaks of a statement's timeout, and maybe in
 * another language: what tells is that LOCK TABLE failed, and that it took the whole wait.
 */
function waitedForLock({ messages, lockWaitTimeoutMs }: ProgramEnd): boolean {
  if (lockWaitTimeoutMs === undefined || !messages.errors.some((line) => /query was: LOCK TABLE/i.test(line)))
    return false;
  const isTimeout = messages.errors.some((line) => /canceling statement due to \w+ timeout/.test(line));
  return isTimeout || messages.silentBeforeErrorMs >= 0.9 * lockWaitTimeoutMs;
}

const diskErrors = [
  ['ENOSPC', /No space left on device/],
  ['EDQUOT', /Disk quota exceeded/],
  ['EFBIG', /File too large/],
] as const;

/** What a program says of the disk that it wrote to, as the error of a system call would say it; undefined for other words. */
export async function diskFailure(words: string, context: StorageContext): Promise<unknown> {
  const [code] = diskErrors.find(([, sign]) => sign.test(words)) ?? [];
  if (code === undefined) return undefined;
  return storageError(Object.assign(new Error(words), { code, syscall: 'write' }), context);
}
