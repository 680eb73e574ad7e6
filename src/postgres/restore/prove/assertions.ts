import type pg from 'pg';
import type { ConnectionSettings } from '../../../config/config.js';
import type { Assertion, AssertionResult } from '../../../domain/restore/assertion.js';
import { withConnection } from '../../connection/connection.js';
import { reportedError } from '../../connection/error.js';
import type { SessionOptions } from '../../connection/open-session.js';

export interface AssertionOptions extends SessionOptions {
  /** Of each question that says nothing else. @defaultValue 600_000 */
  statementTimeoutMs?: number;
}

const longestAnswer = 200;

/**
 * Asks each question in a read-only transaction of its own. One that the server refuses, or that takes too long, is
 * not held.
 * @throws HoldfastError as `withConnection`
 */
export async function checkAssertions(
  settings: ConnectionSettings,
  database: string,
  assertions: readonly Assertion[],
  { statementTimeoutMs = 600_000, ...session }: AssertionOptions = {},
): Promise<AssertionResult[]> {
  if (assertions.length === 0) return [];
  return await withConnection(
    settings,
    database,
    async (client) => {
      // The user's tables, as his own sessions find them; ours are told to look in pg_catalog alone.
      await client.query('SET row_security = off');
      await client.query("SELECT set_config('search_path', $1, false)", [await userSearchPath(client)]);
      const results: AssertionResult[] = [];
      for (const assertion of assertions) {
        const { timeoutSeconds } = assertion;
        const timeoutMs = timeoutSeconds === undefined ? statementTimeoutMs : timeoutSeconds * 1000;
        await client.query(`SET statement_timeout = ${timeoutMs}`);
        results.push(await check(client, assertion));
      }
      return results;
    },
    session,
  );
}

/** What a session of the user's would search: the database's setting, else PostgreSQL's default. */
async function userSearchPath(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ path: string }>(`
    SELECT substr(s, length('search_path=') + 1) AS path
    FROM pg_db_role_setting r CROSS JOIN LATERAL unnest(r.setconfig) s
    WHERE r.setrole = 0 AND starts_with(s, 'search_path=')
      AND r.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())`);
  return rows[0]?.path ?? '"$user", public';
}

async function check(client: pg.Client, { name, sql, expected }: Assertion): Promise<AssertionResult> {
  const answer = await ask(client, sql);
  const found = answer.text === null ? null : answer.text.slice(0, longestAnswer);
  return { name, expected, found, ok: answer.isAnswer && isSame(answer, expected) };
}

interface Answer {
  isAnswer: boolean;
  text: string | null;
  isBoolean: boolean;
}

async function ask(client: pg.Client, sql: string): Promise<Answer> {
  await client.query('BEGIN READ ONLY');
  try {
    // A cursor takes one query that only reads, and gives no more of it than is asked for. The extended protocol
    // takes one statement at a time.
    await client.query({
      text: `DECLARE answer NO SCROLL CURSOR FOR ${sql}\n`,
      queryMode: 'extended',
    } as pg.QueryConfig);
    const raw = { getTypeParser: () => (value: string | Buffer) => String(value) } as pg.CustomTypesConfig;
    const fetched = await client.query<(string | null)[]>({
      text: 'FETCH 1 FROM answer',
      rowMode: 'array',
      types: raw,
    } as pg.QueryArrayConfig);
    const [row] = fetched.rows;
    if (!row || row.length === 0) return refusal('(no row)');
    return { isAnswer: true, text: row[0] ?? null, isBoolean: fetched.fields[0]?.dataTypeID === 16 };
  } catch (error) {
    const { code, words } = reportedError(error);
    if (!/^[0-9A-Z]{5}$/.test(code) || /^(57P|08|53)/.test(code)) throw error;
    return refusal(words);
  } finally {
    await client.query('ROLLBACK').catch(() => {});
  }
}

function refusal(words: string): Answer {
  return { isAnswer: false, text: words, isBoolean: false };
}

/** A boolean's text is `t` or `f`; people write `true`. */
function isSame({ text, isBoolean }: Answer, expected: string | null): boolean {
  if (!isBoolean || expected === null) return text === expected;
  return { true: 't', false: 'f' }[expected.toLowerCase()] === text || expected === text;
}
