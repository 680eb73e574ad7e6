import type pg from 'pg';
import { reportedError } from '../../connection/error.js';

/** PostgreSQL's words when it refuses the statement; undefined when it does it. */
export async function tryStatement(client: pg.Client, sql: string): Promise<string | undefined> {
  try {
    await client.query(sql);
    return undefined;
  } catch (error) {
    const { code, words } = reportedError(error);
    if (!/^[0-9A-Z]{5}$/.test(code) || /^(57P|08|53)/.test(code)) throw error;
    await client.query('ROLLBACK');
    return words;
  }
}
