import type pg from 'pg';
import type { ConnectionSettings } from '../../../config/config.js';
import { HoldfastError } from '../../../domain/errors.js';
import { withConnection } from '../../connection/connection.js';
import type { SessionOptions } from '../../connection/open-session.js';
import { showName } from '../../quote.js';

const usual = ['postgres', 'template1'];

/**
 * Opens a session in a database that is none of `avoid`: no database can be renamed or dropped from within. It may
 * write, as the session that loads may.
 * @throws HoldfastError as {@link withConnection}
 */
export async function withNeighbour<T>(
  settings: ConnectionSettings,
  avoid: readonly string[],
  use: (client: pg.Client) => Promise<T>,
  options: SessionOptions = {},
): Promise<T> {
  let failure: unknown = noNeighbour(avoid);
  for (const database of usual.filter((name) => !avoid.includes(name))) {
    let isOpen = false;
    const opened = (client: pg.Client) => {
      isOpen = true;
      return use(client);
    };
    try {
      return await withConnection(settings, database, opened, { ...options, writes: true });
    } catch (error) {
      if (isOpen || !mayBeOnlyThisOne(error)) throw error;
      failure = error;
    }
  }
  throw failure;
}

function mayBeOnlyThisOne(error: unknown): boolean {
  return error instanceof HoldfastError && ['DatabaseUnknown', 'AuthenticationFailed'].includes(error.type);
}

function noNeighbour(avoid: readonly string[]): HoldfastError {
  return new HoldfastError('DatabaseUnknown', {
    attempted: `find a database to work from, other than ${avoid.map(showName).join(', ')}`,
    cause: 'there is neither "postgres" nor "template1" besides',
    remedy: 'Create a database "postgres".',
  });
}
