import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { execa } from 'execa';
import type pg from 'pg';
import { HoldfastError } from '../../domain/errors.js';
import type { AmcheckResult } from '../../domain/recovery/contracts.js';
import { findProgram, pathDirectories } from '../../stream/program/find-program.js';
import { withConnection } from '../connection/connection.js';
import { moreLocks, noRoomForLocks, reportedError } from '../connection/error.js';
import { isInvalidDatabase } from '../connection/read-databases.js';
import type { Postmaster } from './postmaster.js';
import { connectionTo } from './replay-state.js';
import type { ServerPrograms } from './server-programs.js';

/** What `pg_amcheck` needs in a database, where it is not installed, is there only meanwhile and in a schema of this name. */
const ownSchema = 'holdfast_amcheck';

export interface AmcheckOptions {
  /** Full path of `pg_amcheck`. */
  program: string;
  server: Postmaster;
  role: string;
  signal: AbortSignal;
  onDatabase: (name: string) => void;
}

/**
 * `pg_amcheck` beside the server's programs, or in PATH: it came with PostgreSQL 14.
 * @throws HoldfastError `ToolMissing`
 */
export async function findAmcheck(programs: ServerPrograms): Promise<string> {
  const found = await findProgram('pg_amcheck', [dirname(programs.postgres), ...pathDirectories()]);
  if (found !== undefined) return found;
  throw new HoldfastError('ToolMissing', {
    attempted: 'check the recovered cluster by pg_amcheck',
    cause: `there is none beside ${programs.postgres}, nor in PATH`,
    remedy: 'install PostgreSQL’s client programs of version 14 or later, or leave out --amcheck',
  });
}

/**
 * Has `pg_amcheck` read every table and B-tree of every database, heap against index. Where the extension that it needs
 * is not installed, it is for the time being, if the server can be written to.
 * @throws HoldfastError `RestoreUnproven` with what it found
 */
export async function amcheckAll(options: AmcheckOptions): Promise<AmcheckResult> {
  const { server, role } = options;
  const { rows } = await withConnection(connectionTo(server, role), 'template1', (client) =>
    client.query<{ name: string; isInvalid: boolean }>(
      `SELECT datname AS name, ${isInvalidDatabase} AS "isInvalid" FROM pg_database WHERE datallowconn ORDER BY 1`,
    ),
  );
  const result: AmcheckResult = { checked: 0, skipped: [] };
  for (const { name, isInvalid } of rows) {
    options.onDatabase(name);
    const why = isInvalid
      ? 'it is invalid: its DROP DATABASE was interrupted'
      : await amcheckOne(name, options);
    if (why === undefined) result.checked += 1;
    else if (result.skipped.length < 20) result.skipped.push({ database: name, why });
  }
  return result;
}

/** Why a database could not be checked. */
async function amcheckOne(database: string, options: AmcheckOptions): Promise<string | undefined> {
  const settings = connectionTo(options.server, options.role);
  const needed = await withConnection(settings, database, install, { writes: true });
  if (typeof needed === 'string') return needed;
  try {
    await run(database, options);
  } finally {
    if (needed.remove) await withConnection(settings, database, uninstall, { writes: true });
  }
  return undefined;
}

async function install(client: pg.Client): Promise<string | { remove: boolean }> {
  const { rows } = await client.query<{ schema: string | null; readOnly: boolean }>(
    `SELECT (SELECT nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = extnamespace
             WHERE extname = 'amcheck') AS schema, pg_is_in_recovery() AS "readOnly"`,
  );
  const [{ schema = null, readOnly = true } = {}] = rows;
  if (schema !== null) return { remove: schema === ownSchema && !readOnly };
  if (readOnly) return 'it has not the extension amcheck, and can’t get it: the server is read only';
  try {
    // Event triggers are the application's.
    await client.query(`BEGIN; SET LOCAL session_replication_role = replica;
      CREATE SCHEMA ${ownSchema}; CREATE EXTENSION amcheck SCHEMA ${ownSchema}; COMMIT`);
    return { remove: true };
  } catch (error) {
    await client.query('ROLLBACK');
    return `the extension amcheck could not be installed: ${reportedError(error).words}`;
  }
}

async function uninstall(client: pg.Client): Promise<void> {
  await client.query(`BEGIN; SET LOCAL session_replication_role = replica;
    DROP SCHEMA ${ownSchema} CASCADE; COMMIT`);
}

/** Exit code 2 says that something is wrong (PostgreSQL's source of `pg_amcheck`), 1 that it could not look. */
async function run(database: string, { program, server, role, signal }: AmcheckOptions): Promise<void> {
  const jobs = Math.min(4, availableParallelism());
  const args = ['--no-password', '--heapallindexed', '--jobs', String(jobs)];
  const { PATH = '', LD_LIBRARY_PATH = '' } = process.env;
  const env = {
    ...{ PATH, LC_ALL: 'C', PGHOST: server.socketDir, PGPORT: String(server.port), PGUSER: role },
    PGDATABASE: database,
    // What is locked at the target stays locked.
    PGOPTIONS: '-c lock_timeout=60s',
    ...(LD_LIBRARY_PATH && { LD_LIBRARY_PATH }),
  };
  const options = { env, extendEnv: false, reject: false, stdin: 'ignore', cancelSignal: signal } as const;
  const { exitCode, stdout, stderr } = await execa(program, args, options);
  signal.throwIfAborted();
  if (exitCode === 0) return;
  const words = (exitCode === 2 ? stdout || stderr : stderr || stdout).trim();
  const attempted = `check database ${JSON.stringify(database)} by pg_amcheck`;
  // No damage: it could not look.
  if (noRoomForLocks.test(words))
    throw new HoldfastError('RestoreUnproven', { attempted, cause: words.slice(0, 1000), remedy: moreLocks });
  throw new HoldfastError('RestoreUnproven', {
    attempted,
    cause: words.slice(0, 1000) || `it ended with exit code ${exitCode}`,
    remedy: 'recover from another base backup, or to another time, and find out when it was damaged',
  });
}
