import { type ErrorType, HoldfastError } from '../../../domain/errors.js';
import { moreLocks, noRoomForLocks } from '../../connection/error.js';
import type { LoadError } from './messages.js';

export interface LoadEnd {
  attempted: string;
  exitCode: number | undefined;
  /** Name of the signal that ended psql. */
  signal: string | undefined;
  error: LoadError | undefined;
}

/** Errors by SQLSTATE or psql's own words; whatever is not here is the dump's or the server's fault. */
const kinds: [ErrorType, RegExp, RegExp, string][] = [
  [
    'ClientTooOld',
    /^$/,
    /invalid command \\(un)?restrict/,
    'Install the latest minor release of PostgreSQL’s client programs.',
  ],
  [
    'RoleMissing',
    /^42704$/,
    /\brole "/,
    'Create the role, or add --globals to have the backup’s roles created.',
  ],
  [
    'ExtensionMissing',
    /^(0A000|58P01)$/,
    /extension (control file|"[^"]*" is not available)/,
    'Install the extension’s package on the server’s machine.',
  ],
  ['NotEnoughSpace', /^53100$/, /./, 'Free space on the server’s disk.'],
  [
    'ServerUnreachable',
    /^$/,
    /(could not connect|connection to server .* failed)/,
    'Check that PostgreSQL runs and takes connections.',
  ],
  [
    'ConnectionLost',
    /^(57P0[12345]|08...)?$/,
    /(server closed the connection|terminating connection|connection to server was lost|could not (receive|send) data|SSL SYSCALL)/,
    'Check that PostgreSQL runs.',
  ],
  ['LoadFailed', /^53200$/, noRoomForLocks, moreLocks],
  ['LoadFailed', /^42501$/, /./, 'Restore with a superuser, or with a role that may do what the dump does.'],
];

const anyOther = ['LoadFailed', /./, /./, undefined] as const;

/** Why a load ended early, as an error of the catalogue. */
export function loadFailure({ attempted, exitCode, signal, error }: LoadEnd): HoldfastError {
  if (signal !== undefined) {
    const said = error ? `; it last said: ${error.words}` : '';
    const story = {
      attempted,
      cause: `psql was killed by ${signal}${said}`,
      remedy: 'Find out what killed it.',
    };
    return new HoldfastError('LoadInterrupted', story);
  }
  if (!error)
    return new HoldfastError('LoadFailed', {
      attempted,
      cause: `psql ended with exit code ${exitCode}, saying nothing`,
    });
  const where = error.line === null ? '' : `line ${error.line} of the dump: `;
  const [type, , , remedy] =
    kinds.find(([, code, words]) => code.test(error.code) && words.test(error.words)) ?? anyOther;
  return new HoldfastError(type, { attempted, cause: `${where}${error.words}`, ...(remedy && { remedy }) });
}
