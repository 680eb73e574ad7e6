import type pg from 'pg';
import type { ConnectionSettings } from '../../config/config.js';
import type { DatabaseSight, RoleFacts } from '../../domain/doctor/role-facts.js';
import { HoldfastError } from '../../domain/errors.js';
import { withConnection } from '../connection/connection.js';
import { isInvalidDatabase } from '../connection/read-databases.js';

type RoleRow = Omit<RoleFacts, 'databases'>;
type Listed = Pick<DatabaseSight, 'name' | 'owner' | 'isOwnerSuperuser' | 'isOwned' | 'sizeBytes'>;

const roleQuery = `
  SELECT rolname AS role, rolsuper AS "isSuperuser", rolcreatedb AS "mayCreateDatabases",
         rolcreaterole AS "mayCreateRoles", rolreplication AS "mayReplicate",
         rolbypassrls AS "bypassesRowSecurity",
         pg_has_role('pg_read_all_data', 'USAGE') AS "readsAllData",
         pg_has_role('pg_signal_backend', 'USAGE') AS "signalsBackends"
  FROM pg_roles WHERE rolname = session_user`;

const databasesQuery = `
  SELECT datname AS name, pg_get_userbyid(datdba) AS owner, pg_has_role(datdba, 'USAGE') AS "isOwned",
         coalesce((SELECT rolsuper FROM pg_roles r WHERE r.oid = datdba), false) AS "isOwnerSuperuser",
         CASE WHEN has_database_privilege(oid, 'CONNECT') OR pg_has_role('pg_read_all_stats', 'USAGE')
           THEN pg_database_size(oid)::float8 END AS "sizeBytes"
  FROM pg_database WHERE datallowconn AND NOT ${isInvalidDatabase} AND NOT datistemplate ORDER BY datname COLLATE "C"`;

/** What pg_dump locks and reads: tables, and the values of sequences, that no extension brought. */
const contentsQuery = `
  WITH dumped AS (
    SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS name,
           has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS readable,
           c.relkind IN ('r', 'p') AND row_security_active(c.oid) AS guarded
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'S') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND NOT EXISTS (SELECT FROM pg_depend d
                      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
  )
  SELECT (count(*) FILTER (WHERE NOT readable))::int AS unreadable,
         coalesce(min(name) FILTER (WHERE NOT readable), '') AS "firstUnreadable",
         (count(*) FILTER (WHERE guarded))::int AS guarded,
         coalesce(min(name) FILTER (WHERE guarded), '') AS "firstGuarded",
         (SELECT count(*)::int FROM pg_largeobject_metadata l
          WHERE NOT current_setting('lo_compat_privileges')::bool AND NOT EXISTS (
            SELECT FROM aclexplode(coalesce(l.lomacl, acldefault('L', l.lomowner))) a
            WHERE a.privilege_type = 'SELECT'
              AND (a.grantee = 0 OR pg_has_role(a.grantee, 'USAGE')))) AS "largeObjects"
  FROM dumped`;

interface ContentsRow {
  unreadable: number;
  firstUnreadable: string;
  guarded: number;
  firstGuarded: string;
  largeObjects: number;
}

/** What the session's role may do on its server, and in each of the databases, in which it looks one by one. */
export async function inspectRole(client: pg.Client, settings: ConnectionSettings): Promise<RoleFacts> {
  const [role] = (await client.query<RoleRow>(roleQuery)).rows;
  if (!role) throw new Error('pg_roles has no row of the session’s role');
  const databases: DatabaseSight[] = [];
  for (const listed of await listSizedDatabases(client))
    databases.push({ ...listed, ...(await lookInto(settings, listed.name, role.isSuperuser)) });
  return { ...role, databases };
}

/** The databases that accept connections and are no template, with their owners and sizes. */
export async function listSizedDatabases(client: pg.Client): Promise<Listed[]> {
  return (await client.query<Listed>(databasesQuery)).rows;
}

type Contents = Omit<DatabaseSight, keyof Listed>;

const nothing: Contents = {
  closedBecause: null,
  unreadable: { count: 0, first: '' },
  rowSecurity: { count: 0, first: '' },
  largeObjects: 0,
};

/** A superuser reads everything: there is nothing to be looked for. */
async function lookInto(
  settings: ConnectionSettings,
  database: string,
  isSuperuser: boolean,
): Promise<Contents> {
  if (isSuperuser) return nothing;
  try {
    return await withConnection(settings, database, async (client) => {
      const [row] = (await client.query<ContentsRow>(contentsQuery)).rows;
      if (!row) return nothing;
      return {
        closedBecause: null,
        unreadable: { count: row.unreadable, first: row.firstUnreadable },
        rowSecurity: { count: row.guarded, first: row.firstGuarded },
        largeObjects: row.largeObjects,
      };
    });
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.type === 'ServerUnreachable') throw error;
    return { ...nothing, closedBecause: error.story.cause };
  }
}
