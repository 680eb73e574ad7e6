import type pg from 'pg';
import { HoldfastError } from '../../domain/errors.js';
import { reportedError } from '../connection/error.js';

/** The first record of a segment comes behind the long header of its first page. */
const headerBytes = 40;

/**
 * Commits a transaction that did nothing, where the segment has any record. Recovery to a time ends before the first
 * commit after it, and fails where there is none: without this a time since the last real commit could not be recovered
 * to, however late the segment that is archived next was written.
 */
const markTime = `
  SELECT CASE WHEN (pg_current_wal_insert_lsn() - '0/0') % pg_size_bytes(current_setting('wal_segment_size')) > ${headerBytes}
         THEN pg_current_xact_id() END`;

/**
 * Has the server begin a new segment where the current one has anything in it, and gives the name of the last segment
 * that is complete: it is archived next, or was already.
 * @throws HoldfastError `AuthenticationFailed` where the role may not call `pg_switch_wal()`
 */
export async function switchSegment(client: pg.Client): Promise<string> {
  try {
    await client.query(markTime);
    // At the very beginning of a segment nothing is switched: the byte before is of the last that is complete. From 17 on,
    // pg_walfile_name() calls that beginning by the name of the segment that begins.
    const { rows } = await client.query<{ segment: string }>(
      'SELECT pg_walfile_name(pg_switch_wal() - 1) AS segment',
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
          'run as a superuser: GRANT EXECUTE ON FUNCTION pg_switch_wal() TO that role; or use --no-switch and archive_timeout',
      },
      { cause: error },
    );
  }
}
