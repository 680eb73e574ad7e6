import type pg from 'pg';
import type { ConnectionSettings } from '../../config/config.js';
import { HoldfastError } from '../../domain/errors.js';
import type { BaseTablespace } from '../../domain/wal/base-backup.js';
import { withMaintenanceConnection } from '../connection/connection.js';
import type { SessionOptions } from '../connection/open-session.js';
import { showName } from '../quote.js';

/** A cluster as it stands before a base backup. */
export interface ClusterFacts {
  /** As text: larger than JavaScript's exact numbers. */
  systemIdentifier: string;
  /** As `server_version` prints it. */
  serverVersion: string;
  major: number;
  walSegmentSizeBytes: number;
  /** Name of the role that `initdb` made. */
  bootstrapRole: string;
  tablespaces: BaseTablespace[];
  /** All databases that the role may connect to. */
  sizeBytes: number;
  /** Whether the server itself can compress by zstd. */
  hasZstd: boolean;
  /** Role of the session. */
  role: string;
  mayReplicate: boolean;
  maxWalSenders: number;
  usedWalSenders: number;
  freeSlots: number;
}

interface Row extends Omit<ClusterFacts, 'tablespaces' | 'sizeBytes' | 'walSegmentSizeBytes'> {
  size: string;
  segmentSize: string;
}

/** `wal_compression` allows what the server was built with (PostgreSQL 15 on). */
const factsQuery = `
  SELECT (SELECT system_identifier::text FROM pg_control_system()) AS "systemIdentifier",
         current_setting('server_version') AS "serverVersion",
         current_setting('server_version_num')::int / 10000 AS major,
         pg_size_bytes(current_setting('wal_segment_size'))::text AS "segmentSize",
         (SELECT rolname FROM pg_roles WHERE oid = 10) AS "bootstrapRole",
         (SELECT coalesce(sum(pg_database_size(oid)), 0)::text FROM pg_database
           WHERE has_database_privilege(oid, 'CONNECT')) AS size,
         (SELECT coalesce('zstd' = ANY (enumvals), false) FROM pg_settings WHERE name = 'wal_compression')
           AS "hasZstd",
         session_user AS role,
         (SELECT rolreplication OR rolsuper FROM pg_roles WHERE rolname = session_user) AS "mayReplicate",
         current_setting('max_wal_senders')::int AS "maxWalSenders",
         (SELECT count(*)::int FROM pg_stat_replication) AS "usedWalSenders",
         current_setting('max_replication_slots')::int
           - (SELECT count(*)::int FROM pg_replication_slots) AS "freeSlots"`;

const tablespacesQuery = `
  SELECT oid, spcname AS name, pg_tablespace_location(oid) AS path
  FROM pg_tablespace WHERE spcname NOT IN ('pg_default', 'pg_global') ORDER BY oid`;

/** Reads what a base backup must know of the cluster. @throws HoldfastError as {@link withMaintenanceConnection} */
export async function inspectCluster(
  settings: ConnectionSettings,
  options: SessionOptions = {},
): Promise<ClusterFacts> {
  return await withMaintenanceConnection(settings, readFacts, options);
}

/** The server's tablespaces but for those that every cluster has. */
export async function readTablespaces(client: pg.Client): Promise<BaseTablespace[]> {
  return (await client.query<BaseTablespace>(tablespacesQuery)).rows;
}

async function readFacts(client: pg.Client): Promise<ClusterFacts> {
  const [row] = (await client.query<Row>(factsQuery)).rows;
  if (!row) throw new Error('the server gave no answer to a question without conditions');
  const tablespaces = await readTablespaces(client);
  const { size, segmentSize, ...facts } = row;
  return { ...facts, tablespaces, sizeBytes: Number(size), walSegmentSizeBytes: Number(segmentSize) };
}

/** How many WAL senders a base backup takes: one for the files, one for the WAL meanwhile. */
const neededWalSenders = 2;

/**
 * Refuses what the server would refuse, in words that don't depend on the server's language.
 * @throws HoldfastError `AuthenticationFailed`, `ConfigurationInvalid`, `BaseBackupInterrupted` where all WAL senders
 *   are taken at the moment
 */
export function requireReplication(attempted: string, facts: ClusterFacts): void {
  const { role, mayReplicate, maxWalSenders, usedWalSenders } = facts;
  if (!mayReplicate) {
    throw new HoldfastError('AuthenticationFailed', {
      attempted,
      cause: `role ${showName(role)} may not copy the cluster: it lacks REPLICATION`,
      remedy: `Run: ALTER ROLE ${showName(role)} REPLICATION, and admit it in pg_hba.conf to "replication".`,
    });
  }
  if (maxWalSenders < neededWalSenders) {
    throw new HoldfastError('ConfigurationInvalid', {
      attempted,
      cause: `max_wal_senders is ${maxWalSenders}, a base backup takes ${neededWalSenders}`,
      remedy: 'Set max_wal_senders to 10 and wal_level to replica, and restart the server.',
    });
  }
  if (maxWalSenders - usedWalSenders >= neededWalSenders) return;
  throw new HoldfastError('BaseBackupInterrupted', {
    attempted,
    cause: `of ${maxWalSenders} WAL senders ${usedWalSenders} are taken, a base backup takes ${neededWalSenders}`,
    remedy: 'Raise max_wal_senders, or wait until another base backup has ended.',
  });
}
