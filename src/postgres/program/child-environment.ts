import type { ResolvedConnection } from '../connection/resolve.js';

/** The session name by which PostgreSQL lists what belongs to one run. */
export interface SessionName {
  applicationName: string;
}

/**
 * The whole environment of a libpq program (`pg_dump`, `pg_dumpall`, `psql`): built from nothing, so that no
 * PGOPTIONS, PAGER, locale or time zone of the operator's changes what it does or how it words an error.
 *
 * - The database goes by PGDATABASE, which libpq never reads as a connection string, unlike `--dbname`.
 * - The password goes by PGPASSWORD: arguments are there for everybody to see, `/proc/<pid>/environ` only for the
 *   same user and root, who can read the password file as well.
 * - PGOPTIONS come before what ALTER ROLE and ALTER DATABASE set. `pg_dump` takes back their `statement_timeout` itself,
 *   but only after its first query, and `pg_dumpall` never does.
 * - No PGCLIENTENCODING: `pg_dump` then writes in the database's own encoding and says so in the dump.
 */
export function childEnvironment(
  connection: ResolvedConnection,
  { applicationName }: SessionName,
): Record<string, string> {
  const inherited = ['PATH', 'HOME', 'LD_LIBRARY_PATH'].map((name) => [name, process.env[name]]);
  const variables = [
    ...inherited,
    ['LC_ALL', 'C'],
    ['TZ', 'UTC'],
    ['PGHOST', connection.host],
    ['PGHOSTADDR', connection.hostaddr],
    ['PGPORT', String(connection.port)],
    ['PGUSER', connection.user],
    ['PGDATABASE', connection.database],
    ['PGPASSWORD', connection.password],
    ['PGSSLMODE', connection.sslmode],
    ['PGSSLROOTCERT', connection.sslrootcert],
    ['PGSSLCERT', connection.sslcert],
    ['PGSSLKEY', connection.sslkey],
    // Our own sessions can't do GSSAPI.
    ['PGGSSENCMODE', 'disable'],
    ['PGAPPNAME', applicationName],
    ['PGOPTIONS', '-c statement_timeout=0'],
    ['PGCONNECT_TIMEOUT', String(connection.connectTimeoutSeconds)],
  ];
  return Object.fromEntries(variables.filter(([, value]) => value !== undefined)) as Record<string, string>;
}
