/** Roles of least privilege, as SQL for psql and a superuser. Tested to suffice on PostgreSQL 14 to 18. */
export function rolesSql(): string {
  return sections.map((section) => section.trim()).join('\n\n');
}

const sections = [
  `
-- Roles of least privilege for Holdfast, for PostgreSQL 14 to 18. As a superuser, in database postgres:
--   holdfast init --print-roles | psql -X -v ON_ERROR_STOP=1 -d postgres
-- It can be run again: after databases, owners or large objects were added, it should be.
-- Passwords are not in it: give each role one by \\password holdfast_dump (and so on), and put it into the password
-- file of the OS user that runs Holdfast (~/.pgpass, mode 0600): host:port:*:holdfast_dump:the password
SELECT format('CREATE ROLE %I', role)
FROM unnest(ARRAY['holdfast_dump', 'holdfast_replication', 'holdfast_restore', 'holdfast_monitor']) AS role
WHERE role NOT IN (SELECT rolname FROM pg_roles) \\gexec
`,
  `
-- holdfast_dump takes full backups: holdfast backup, with PGUSER=holdfast_dump.
-- pg_read_all_data lets it read every table, also those to come, and the roles' password hashes, which belong to a
-- backup of the roles. It may write nowhere; read-only transactions stand in the way of what PUBLIC may, too.
ALTER ROLE holdfast_dump LOGIN;
ALTER ROLE holdfast_dump SET default_transaction_read_only = on;
GRANT pg_read_all_data TO holdfast_dump;
-- Only where a database uses row level security: without it pg_dump ends with "query would be affected by row-level
-- security policy", rather than leave rows out. \`holdfast doctor\` tells where.
-- ALTER ROLE holdfast_dump BYPASSRLS;
-- Only where PUBLIC may not connect:
SELECT format('GRANT CONNECT ON DATABASE %I TO holdfast_dump', datname)
FROM pg_database
WHERE datallowconn AND NOT datistemplate AND NOT has_database_privilege('holdfast_dump', oid, 'CONNECT') \\gexec
-- pg_read_all_data does not cover large objects. In each database that has some, and again when there are new ones:
--   SELECT format('GRANT SELECT ON LARGE OBJECT %s TO holdfast_dump', oid) FROM pg_largeobject_metadata \\gexec
`,
  `
-- holdfast_replication takes base backups, has segments completed, and streams WAL: holdfast wal, holdfast wal stream.
-- Whoever may replicate can read everything that is in the cluster.
ALTER ROLE holdfast_replication LOGIN REPLICATION;
GRANT EXECUTE ON FUNCTION pg_switch_wal() TO holdfast_replication;
-- pg_hba.conf must let it in, by a line of its own: "all" does not stand for replication.
--   local  replication  holdfast_replication                     scram-sha-256
--   host   replication  holdfast_replication  192.0.2.10/32      scram-sha-256    # Holdfast's host
-- then SELECT pg_reload_conf();
-- \`holdfast wal setup --apply\` alone needs a superuser, once.
`,
  `
-- holdfast_restore loads a backup beside its target and swaps the two: holdfast restore.
-- CREATEDB for the database beside it, and to rename; pg_signal_backend to end the sessions of the target's clients,
-- those of superusers apart. It owns what it restores only through its membership in the owners.
ALTER ROLE holdfast_restore LOGIN CREATEDB;
GRANT pg_signal_backend TO holdfast_restore;
SELECT format('GRANT %I TO holdfast_restore', owner)
FROM (SELECT DISTINCT pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datallowconn AND NOT datistemplate) AS owners
JOIN pg_roles ON rolname = owner
WHERE NOT rolsuper AND owner <> 'holdfast_restore' \\gexec
-- A database that belongs to a superuser can only be replaced by one: give it to a role that is none
-- (ALTER DATABASE … OWNER TO …). Owners of tables who own no database need the same grant:
--   GRANT … TO holdfast_restore;
-- Extensions that are not "trusted" need a superuser to be restored, as does \`restore --globals\`.
`,
  `
-- holdfast_monitor is asked for by holdfast monitor: databases by name, and what the archiver says. It reads no table.
ALTER ROLE holdfast_monitor LOGIN;
`,
  `
-- A worker works as one role for each cluster. One with all of these rights (BYPASSRLS as above):
--   CREATE ROLE holdfast LOGIN REPLICATION CREATEDB;
--   GRANT holdfast_dump, holdfast_replication, holdfast_restore TO holdfast;
`,
];
