import type pg from 'pg';
import type { ConnectionSettings } from '../../../config/config.js';
import { type MarkKind, parseMark } from '../../../domain/restore/database-mark.js';
import type { SessionOptions } from '../../connection/open-session.js';
import { withNeighbour } from './neighbour.js';

/** A restore's target and what belongs to it, as they stand now. */
export interface TargetState {
  /** Tells clusters apart; null when the role may not know it. */
  systemIdentifier: string | null;
  serverVersion: string;
  serverMajor: number;
  /** Null when there is no database of that name. */
  database: TargetDatabase | null;
  /** What Holdfast made or put aside for this target, by its marks. */
  marked: MarkedDatabase[];
  /** Every database's name, so that new names can be told from them. */
  names: string[];
}

export interface TargetDatabase {
  oid: number;
  owner: string;
  /** Null when the role may not know it. */
  sizeBytes: number | null;
  sessions: number;
  /** False only for a database that was closed on purpose, not by a swap that was cut short. */
  acceptsConnections: boolean;
  isTemplate: boolean;
}

export interface MarkedDatabase {
  name: string;
  oid: number;
  kind: MarkKind;
  runId: string;
  sizeBytes: number | null;
}

/**
 * Looks at the target from beside it.
 * @throws HoldfastError as `withConnection`
 */
export async function readTargetState(
  settings: ConnectionSettings,
  target: string,
  options: SessionOptions = {},
): Promise<TargetState> {
  return await withNeighbour(settings, [target], (client) => read(client, target), options);
}

async function read(client: pg.Client, target: string): Promise<TargetState> {
  const all = await readDatabases(client);
  const marked = all.flatMap(({ name, oid, comment, sizeBytes }): MarkedDatabase[] => {
    const mark = parseMark(comment);
    return mark?.target === target ? [{ name, oid, kind: mark.kind, runId: mark.runId, sizeBytes }] : [];
  });
  const found = all.find(({ name }) => name === target);
  const wasCutShort = marked.some(({ kind }) => kind === 'staging');
  return {
    ...(await readServer(client)),
    database: found
      ? {
          oid: found.oid,
          owner: found.owner,
          sizeBytes: found.sizeBytes,
          sessions: found.sessions,
          acceptsConnections: found.allowsConnections || wasCutShort,
          isTemplate: found.isTemplate,
        }
      : null,
    marked,
    names: all.map(({ name }) => name),
  };
}

interface DatabaseRow {
  name: string;
  oid: number;
  owner: string;
  comment: string | null;
  sizeBytes: number | null;
  sessions: number;
  allowsConnections: boolean;
  isTemplate: boolean;
}

async function readDatabases(client: pg.Client): Promise<DatabaseRow[]> {
  const { rows } = await client.query<DatabaseRow>(`
    SELECT d.datname AS name, d.oid, pg_get_userbyid(d.datdba) AS owner,
           shobj_description(d.oid, 'pg_database') AS comment,
           CASE WHEN has_database_privilege(d.oid, 'CONNECT') OR pg_has_role('pg_read_all_stats', 'USAGE')
             THEN pg_database_size(d.oid)::float8 END AS "sizeBytes",
           (SELECT count(*)::int FROM pg_stat_activity a
            WHERE a.datid = d.oid AND a.backend_type = 'client backend') AS sessions,
           d.datallowconn AS "allowsConnections", d.datistemplate AS "isTemplate"
    FROM pg_database d ORDER BY d.datname COLLATE "C"`);
  return rows;
}

async function readServer(client: pg.Client) {
  const { rows } = await client.query<{ version: string; number: number; identifier: string | null }>(`
    SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number,
           CASE WHEN has_function_privilege('pg_control_system()', 'EXECUTE')
             THEN (SELECT system_identifier::text FROM pg_control_system()) END AS identifier`);
  const { version = '', number = 0, identifier = null } = rows[0] ?? {};
  return { serverVersion: version, serverMajor: Math.floor(number / 10_000), systemIdentifier: identifier };
}
