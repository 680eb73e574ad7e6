import type pg from 'pg';
import type { ConnectionSettings } from '../../config/config.js';
import type { DatabaseProperties } from '../../domain/backup/metadata.js';
import { withConnection } from '../connection/connection.js';
import type { SessionOptions } from '../connection/open-session.js';

/** A database and its server as they stand before a backup. */
export interface DatabaseFacts {
  /** As `server_version` prints it: `15.13 (Debian 15.13-0+deb12u1)`. */
  serverVersion: string;
  /** As `server_version_num`: 150013. */
  serverVersionNum: number;
  major: number;
  databaseSizeBytes: number;
  properties: DatabaseProperties;
  /** Whether the server is a standby. */
  inRecovery: boolean;
}

/**
 * Reads what `pg_dump` of the database does not keep, its size, and the server's version.
 * @throws HoldfastError as {@link withConnection}
 */
export async function inspectDatabase(
  settings: ConnectionSettings,
  database: string,
  options: SessionOptions = {},
): Promise<DatabaseFacts> {
  return await withConnection(
    settings,
    database,
    async (client) => {
      const row = await readRow(client);
      return {
        serverVersion: row.server_version,
        serverVersionNum: row.server_version_num,
        major: Math.floor(row.server_version_num / 10_000),
        databaseSizeBytes: Number(row.size_bytes),
        inRecovery: row.in_recovery,
        properties: {
          ...row.properties,
          settings: await readSettings(client),
          extensions: await readExtensions(client),
        },
      };
    },
    options,
  );
}

/** Bytes that the database takes on the server, as `pg_database_size` counts them. */
export async function databaseSize(
  settings: ConnectionSettings,
  database: string,
  options: SessionOptions = {},
): Promise<number> {
  const query = 'SELECT pg_catalog.pg_database_size(pg_catalog.current_database()) AS bytes';
  return await withConnection(
    settings,
    database,
    async (client) => {
      const { rows } = await client.query<{ bytes: string }>(query);
      return Number(rows[0]?.bytes);
    },
    options,
  );
}

interface FactsRow {
  server_version: string;
  server_version_num: number;
  size_bytes: string;
  in_recovery: boolean;
  properties: Omit<DatabaseProperties, 'settings' | 'extensions'>;
}

/**
 * Columns of pg_database that came or were renamed between 14 and 18 are read from the row as JSON:
 * datlocprovider and daticulocale (15), daticurules (16), datlocale for daticulocale (17).
 */
const factsQuery = `
  SELECT current_setting('server_version') AS server_version,
         current_setting('server_version_num')::int AS server_version_num,
         pg_database_size(d.oid) AS size_bytes,
         pg_is_in_recovery() AS in_recovery,
         json_build_object(
           'owner', pg_get_userbyid(d.datdba),
           'encoding', pg_encoding_to_char(d.encoding),
           'collate', d.datcollate,
           'ctype', d.datctype,
           'locale_provider', coalesce(j.row ->> 'datlocprovider', 'c'),
           'locale', coalesce(j.row ->> 'datlocale', j.row ->> 'daticulocale'),
           'icu_rules', j.row ->> 'daticurules',
           'tablespace', t.spcname,
           'connection_limit', d.datconnlimit,
           'is_template', d.datistemplate,
           'comment', shobj_description(d.oid, 'pg_database'),
           'grants', d.datacl::text[]
         ) AS properties
  FROM pg_database d
  JOIN pg_tablespace t ON t.oid = d.dattablespace
  CROSS JOIN LATERAL (SELECT to_jsonb(d) AS row) j
  WHERE d.datname = current_database()`;

async function readRow(client: pg.Client): Promise<FactsRow> {
  const { rows } = await client.query<FactsRow>(factsQuery);
  const [row] = rows;
  if (!row) throw new Error('pg_database has no row of the current database');
  return row;
}

async function readSettings(client: pg.Client): Promise<DatabaseProperties['settings']> {
  const { rows } = await client.query<{ role: string | null; setting: string }>(`
    SELECT r.rolname AS role, s.setting
    FROM pg_db_role_setting d
    LEFT JOIN pg_roles r ON r.oid = d.setrole
    CROSS JOIN LATERAL unnest(d.setconfig) AS s(setting)
    WHERE d.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND (d.setrole = 0 OR r.oid IS NOT NULL)
    ORDER BY r.rolname NULLS FIRST, s.setting`);
  return rows;
}

async function readExtensions(client: pg.Client): Promise<DatabaseProperties['extensions']> {
  const { rows } = await client.query<DatabaseProperties['extensions'][number]>(`
    SELECT e.extname AS name, e.extversion AS version, n.nspname AS schema
    FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
    ORDER BY e.extname`);
  return rows;
}
