import type pg from 'pg';
import { HoldfastError } from '../../domain/errors.js';
import { reportedError } from '../connection-error.js';

/**
 * Has the server begin a new segment where the current one has anything in it, and gives the name of the last segment
 * that is complete: it is archived next, or was already.
 * @throws HoldfastError `AuthenticationFailed` where the role may not call `pg_switch_wal()`
 */
export async function switchSegment(client: pg.Client): Promise<string> {
  try {
    // At the very beginning of a segment nothing is switched, and the name is that of the one before.
    const { rows } = await client.query<{ segment: string }>(
      'SELECT pg_walfile_name(pg_switch_wal()) AS segment',
    );
    const [row] = rows;
    if (!row) throw new Error('pg_switch_wal gave no row');
    return row.segment;
  } catch (error) {
    // 42501: insufficient_privilege
    if (reportedError(error).code !== '42501') throw error;
    throw new HoldfastError(
      'AuthenticationFailed',
      {
        attempted: 'have the server complete its WAL segment',
        cause: reportedError(error).words,
        remedy:
          'GRANT EXECUTE ON FUNCTION pg_switch_wal() TO the role, or leave it to archive_timeout with --no-switch',
      },
      { cause: error },
    );
  }
}
