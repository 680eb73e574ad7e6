import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { HoldfastError } from '../../domain/errors.js';
import { isSocket, type ResolvedConnection } from './resolve.js';

/** TLS as node-postgres takes it; false: none. */
export type Tls = ConnectionOptions | false;

/** What to try in turn, as libpq's `sslmode` means it (PostgreSQL manual, "SSL Support"). */
export function tlsAttempts(connection: ResolvedConnection): [Tls, ...Tls[]] {
  if (isSocket(connection) || connection.sslmode === 'disable') return [false];
  const tls = tlsOptions(connection);
  if (connection.sslmode === 'allow') return [false, tls];
  if (connection.sslmode === 'prefer') return [tls, false];
  return [tls];
}

/** libpq checks the certificate's chain whenever there is a root certificate, its name only for verify-full. */
function tlsOptions(connection: ResolvedConnection): ConnectionOptions {
  const { sslmode, sslrootcert, sslcert, sslkey } = connection;
  if (sslmode.startsWith('verify') && sslrootcert === undefined)
    throw unusable('root certificate', '~/.postgresql/root.crt', `sslmode ${sslmode} needs it`);
  const options: ConnectionOptions = { rejectUnauthorized: sslrootcert !== undefined };
  if (sslrootcert !== undefined && sslrootcert !== 'system')
    options.ca = read('root certificate', sslrootcert);
  if (sslcert !== undefined && sslkey !== undefined) {
    options.cert = read('client certificate', sslcert);
    options.key = read('client key', sslkey);
  }
  const checksName = sslmode === 'verify-full' || sslrootcert === 'system';
  if (!checksName) options.checkServerIdentity = () => undefined;
  if (connection.hostaddr !== undefined) options.servername = connection.host;
  return options;
}

function read(what: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw unusable(what, path, (error as Error).message);
  }
}

function unusable(what: string, path: string, cause: string): HoldfastError {
  return new HoldfastError('ConfigurationInvalid', {
    attempted: `read the ${what} ${path}`,
    cause,
    remedy: 'Name a file that this user can read, or choose an sslmode that needs none.',
  });
}
