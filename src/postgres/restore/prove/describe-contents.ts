import type pg from 'pg';
import type { ConnectionSettings } from '../../../config/config.js';
import type { DatabaseProperties } from '../../../domain/backup/metadata.js';
import { withConnection } from '../../connection/connection.js';
import type { SessionOptions } from '../../connection/open-session.js';

/** What is in a database besides its rows. */
export interface DatabaseContents {
  sizeBytes: number;
  /** How many objects of each kind, as `tables`, `functions`; kinds that have none are left out. */
  objects: Record<string, number>;
  extensions: DatabaseProperties['extensions'];
  /** Names of indexes that can't be used; the first fifty. */
  invalidIndexes: string[];
  /** Constraints that were not checked for the rows that are there; the first fifty. */
  unvalidatedConstraints: string[];
}

/**
 * Describes a database.
 * @throws HoldfastError as `withConnection`
 */
export async function describeContents(
  settings: ConnectionSettings,
  database: string,
  options: SessionOptions = {},
): Promise<DatabaseContents> {
  return await withConnection(settings, database, describe, options);
}

async function describe(client: pg.Client): Promise<DatabaseContents> {
  const first = async <T>(query: string) =>
    (await client.query<{ value: T }>(query)).rows.map((row) => row.value);
  const [sizeBytes] = await first<string>('SELECT pg_database_size(current_database()) AS value');
  return {
    sizeBytes: Number(sizeBytes),
    objects: Object.fromEntries(await first<[string, number]>(objectsQuery)),
    extensions: await first<DatabaseProperties['extensions'][number]>(extensionsQuery),
    invalidIndexes: await first<string>(invalidIndexesQuery),
    unvalidatedConstraints: await first<string>(unvalidatedConstraintsQuery),
  };
}

const own = (schema: string) =>
  `${schema} NOT IN ('pg_catalog', 'information_schema') AND ${schema} !~ '^pg_(toast|temp)'`;

const objectsQuery = `
  WITH o (kind) AS (
    SELECT CASE relkind WHEN 'r' THEN 'tables' WHEN 'p' THEN 'partitioned tables' WHEN 'v' THEN 'views'
             WHEN 'm' THEN 'materialized views' WHEN 'i' THEN 'indexes' WHEN 'I' THEN 'partitioned indexes'
             WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'foreign tables' ELSE 'composite types' END
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${own('n.nspname')}
    UNION ALL SELECT CASE prokind WHEN 'p' THEN 'procedures' WHEN 'a' THEN 'aggregates' ELSE 'functions' END
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE ${own('n.nspname')}
    UNION ALL SELECT 'types' FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE t.typtype IN ('e', 'd', 'r') AND ${own('n.nspname')}
    UNION ALL SELECT CASE contype WHEN 'f' THEN 'foreign keys' WHEN 'c' THEN 'check constraints' ELSE 'keys' END
    FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace
    WHERE k.contype IN ('f', 'c', 'p', 'u', 'x') AND ${own('n.nspname')}
    UNION ALL SELECT 'triggers' FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT 'event triggers' FROM pg_event_trigger
    UNION ALL SELECT 'policies' FROM pg_policy
    UNION ALL SELECT 'publications' FROM pg_publication
    UNION ALL SELECT 'large objects' FROM pg_largeobject_metadata
    UNION ALL SELECT 'schemas' FROM pg_namespace n WHERE ${own('n.nspname')})
  SELECT json_build_array(kind, count(*)) AS value FROM o GROUP BY kind ORDER BY kind`;

const extensionsQuery = `
  SELECT json_build_object('name', e.extname, 'version', e.extversion, 'schema', n.nspname) AS value
  FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace ORDER BY e.extname`;

const invalidIndexesQuery = `
  SELECT format('%I.%I', n.nspname, c.relname) AS value
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE NOT (i.indisvalid AND i.indisready) AND ${own('n.nspname')} ORDER BY 1 LIMIT 50`;

const unvalidatedConstraintsQuery = `
  SELECT format('%I on %s', k.conname, k.conrelid::regclass) AS value
  FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace
  WHERE NOT k.convalidated AND ${own('n.nspname')} ORDER BY 1 LIMIT 50`;
