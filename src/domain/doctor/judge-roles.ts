import { counted } from '../counts.js';
import { sqlName } from '../sql-name.js';
import { type Diagnosis, diagnosis, doubtful, failing, fine, unneeded, type Verdict } from './diagnosis.js';
import type { DatabaseSight, RoleFacts } from './role-facts.js';

/** Whether the role can dump every database: each of its tables, rows and large objects. */
export function judgeDumpRole(cluster: string, facts: RoleFacts): Diagnosis {
  return diagnosis('dump role', cluster, dumpVerdict(facts));
}

function dumpVerdict(facts: RoleFacts): Verdict {
  const { role, isSuperuser, databases } = facts;
  const name = sqlName(role);
  const all = `${counted(databases.length, 'database')}`;
  if (isSuperuser) return fine(`${role} is a superuser: it can dump ${all}`);
  const closed = databases.find(({ closedBecause }) => closedBecause !== null);
  if (closed)
    return failing(
      'AuthenticationFailed',
      `${role} can not enter database ${closed.name}: ${closed.closedBecause}`,
      `GRANT CONNECT ON DATABASE ${sqlName(closed.name)} TO ${name};`,
    );
  const unreadable = worst(databases, ({ unreadable }) => unreadable.count);
  if (unreadable)
    return failing(
      'DumpFailed',
      `${role} can not read ${counted(unreadable.unreadable.count, 'table')} of database ${unreadable.name}, as ${unreadable.unreadable.first}`,
      `GRANT pg_read_all_data TO ${name};`,
    );
  const guarded = worst(databases, ({ rowSecurity }) => rowSecurity.count);
  if (guarded)
    return failing(
      'DumpFailed',
      `row security keeps rows of ${counted(guarded.rowSecurity.count, 'table')} of database ${guarded.name} from ${role}, as of ${guarded.rowSecurity.first}`,
      `ALTER ROLE ${name} BYPASSRLS;`,
    );
  const large = worst(databases, ({ largeObjects }) => largeObjects);
  if (large)
    return failing(
      'DumpFailed',
      `${role} can not read ${counted(large.largeObjects, 'large object')} of database ${large.name}, which pg_read_all_data does not cover`,
      grantLargeObjects(large.name, name),
    );
  return fine(`${role} can read all of ${all}`);
}

/** For psql: in that database each large object that there is. New ones need it again. */
function grantLargeObjects(database: string, role: string): string {
  return [
    `\\connect ${sqlName(database)}`,
    `SELECT format('GRANT SELECT ON LARGE OBJECT %s TO ${role.replaceAll("'", "''")}', oid) FROM pg_largeobject_metadata \\gexec`,
  ].join('\n');
}

/** How base backups and streaming stand: whether they are used, and whether a replication connection was opened. */
export interface ReplicationFacts {
  /** Why this cluster needs the right; null where nothing of it is in use. */
  usedBecause: string | null;
  /** Why no replication connection could be opened; null where one was, or was not tried. */
  refusedBecause: string | null;
  /** The line of pg_hba.conf that would let the role in. */
  hbaLine: string;
}

/** Whether the role can take base backups and stream WAL. */
export function judgeReplicationRole(
  cluster: string,
  { role, isSuperuser, mayReplicate }: RoleFacts,
  { usedBecause, refusedBecause, hbaLine }: ReplicationFacts,
): Diagnosis {
  return diagnosis('replication role', cluster, verdict());

  function verdict(): Verdict {
    if (isSuperuser || mayReplicate) {
      if (refusedBecause === null) return fine(`${role} can take base backups and stream WAL`);
      const found = `${role} may replicate, but the server lets it not in: ${refusedBecause}`;
      return lacking(found, `add to pg_hba.conf, then SELECT pg_reload_conf();\n${hbaLine}`);
    }
    return lacking(
      `${role} may not take base backups nor stream WAL`,
      `ALTER ROLE ${sqlName(role)} REPLICATION;\n-- and in pg_hba.conf: ${hbaLine}`,
    );
  }

  function lacking(found: string, remedy: string): Verdict {
    return usedBecause === null
      ? unneeded(`${found}; nothing here needs it yet`, remedy)
      : failing('BaseBackupFailed', `${found}, and ${usedBecause}`, remedy);
  }
}

/** Whether the role can restore beside and over the databases that there are. Nobody's can on a standby. */
export function judgeRestoreRole(cluster: string, facts: RoleFacts, inRecovery = false): Diagnosis {
  const standby = () => unneeded('the server is a standby: it can be backed up, and nothing restored to it');
  return diagnosis('restore role', cluster, inRecovery ? standby() : restoreVerdict(facts));
}

function restoreVerdict(facts: RoleFacts): Verdict {
  const { role, isSuperuser, mayCreateDatabases, signalsBackends, databases } = facts;
  if (isSuperuser) return fine(`${role} is a superuser: it can restore any database`);
  // Nobody restores over the database that servers come with.
  const foreign = databases.filter(({ isOwned, name }) => !isOwned && name !== 'postgres');
  const remedy = restoreGrants(facts, foreign);
  if (!mayCreateDatabases)
    return unneeded(`${role} may not create databases: it backs up, and restores nothing`, remedy);
  const [first] = foreign;
  if (first)
    return doubtful(
      `${role} can restore to new databases, but may not replace ${counted(foreign.length, 'database')}, as ${first.name}, which belongs to ${first.owner}`,
      remedy,
    );
  if (!signalsBackends)
    return doubtful(`${role} may not end the sessions of other roles, which a swap does`, remedy);
  return fine(`${role} can restore over ${counted(databases.length, 'database')}`);
}

/** Never membership in a superuser: what belongs to one gets another owner instead. */
function restoreGrants(
  { role, mayCreateDatabases, signalsBackends }: RoleFacts,
  foreign: readonly DatabaseSight[],
): string {
  const name = sqlName(role);
  const ofSuperusers = foreign.filter(({ isOwnerSuperuser }) => isOwnerSuperuser);
  const owners = foreign.filter((one) => !ofSuperusers.includes(one)).map(({ owner }) => owner);
  return [
    'only if this role is to restore, too; `holdfast init --print-roles` has one for that',
    ...(mayCreateDatabases ? [] : [`ALTER ROLE ${name} CREATEDB;`]),
    ...(signalsBackends ? [] : [`GRANT pg_signal_backend TO ${name};`]),
    ...[...new Set(owners)].map((owner) => `GRANT ${sqlName(owner)} TO ${name};`),
    ...ofSuperusers.map(
      (one) =>
        `ALTER DATABASE ${sqlName(one.name)} OWNER TO …;  -- a superuser's can be replaced by one alone`,
    ),
  ].join('\n');
}

function worst(
  databases: readonly DatabaseSight[],
  count: (database: DatabaseSight) => number,
): DatabaseSight | undefined {
  return databases.filter((database) => count(database) > 0).sort((a, b) => count(b) - count(a))[0];
}
