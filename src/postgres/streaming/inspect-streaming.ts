import type pg from 'pg';
import type { LsnText } from '../../domain/wal/base-backup.js';
import type { SlotFacts } from '../../domain/wal/replication-slot.js';

/** A server as far as streaming its WAL goes. */
export interface StreamingFacts {
  serverMajor: number;
  systemIdentifier: string;
  segmentSizeBytes: number;
  /** Where its log ends: written and durable, or on a standby replayed. */
  currentLsn: LsnText;
  walLevel: string;
  /** Role of the session. */
  role: string;
  mayReplicate: boolean;
  maxWalSenders: number;
  usedWalSenders: number;
  maxSlots: number;
  /** `max_slot_wal_keep_size`; null for no limit. */
  maxKeptBytes: number | null;
  /** Every physical slot. */
  slots: SlotFacts[];
  /** Slots of all kinds. */
  usedSlots: number;
}

/** What anybody may ask: a position needs no more rights than a connection. */
const currentLsn = `CASE WHEN pg_is_in_recovery() THEN coalesce(pg_last_wal_replay_lsn(), '0/0')
                         ELSE pg_current_wal_flush_lsn() END`;

const slotColumns = `slot_name AS name, active AS "isActive", restart_lsn::text AS "restartLsn",
  wal_status AS "walStatus", coalesce(${currentLsn} - restart_lsn, 0)::bigint::text AS "keptBytes"`;

const factsQuery = `
  SELECT current_setting('server_version_num')::int / 10000 AS "serverMajor",
         (SELECT system_identifier::text FROM pg_control_system()) AS "systemIdentifier",
         pg_size_bytes(current_setting('wal_segment_size'))::text AS "segmentSize",
         (${currentLsn})::text AS "currentLsn",
         current_setting('wal_level') AS "walLevel",
         session_user AS role,
         (SELECT rolreplication OR rolsuper FROM pg_roles WHERE rolname = session_user) AS "mayReplicate",
         current_setting('max_wal_senders')::int AS "maxWalSenders",
         (SELECT count(*)::int FROM pg_stat_replication) AS "usedWalSenders",
         current_setting('max_replication_slots')::int AS "maxSlots",
         (SELECT count(*)::int FROM pg_replication_slots) AS "usedSlots",
         (SELECT setting::bigint FROM pg_settings WHERE name = 'max_slot_wal_keep_size')::text AS "keptMb"`;

type Row = Omit<StreamingFacts, 'segmentSizeBytes' | 'maxKeptBytes' | 'slots'> & {
  segmentSize: string;
  keptMb: string;
};

/** Reads what streaming must know of a server. */
export async function inspectStreaming(client: pg.Client): Promise<StreamingFacts> {
  const [row] = (await client.query<Row>(factsQuery)).rows;
  if (!row) throw new Error('the server told nothing of itself');
  const { segmentSize, keptMb, ...facts } = row;
  return {
    ...facts,
    segmentSizeBytes: Number(segmentSize),
    maxKeptBytes: Number(keptMb) < 0 ? null : Number(keptMb) * 1024 * 1024,
    slots: await readSlots(client),
  };
}

/** Every physical slot of the server, or the one of that name. */
export async function readSlots(client: pg.Client, name: string | null = null): Promise<SlotFacts[]> {
  const { rows } = await client.query<Omit<SlotFacts, 'keptBytes'> & { keptBytes: string }>(
    `SELECT ${slotColumns} FROM pg_replication_slots
     WHERE slot_type = 'physical' AND NOT temporary AND slot_name = coalesce($1, slot_name) ORDER BY slot_name`,
    [name],
  );
  return rows.map((row) => ({ ...row, keptBytes: Math.max(0, Number(row.keptBytes)) }));
}

/** How far a slot has come, and the server. */
export interface StreamPosition {
  systemIdentifier: string;
  serverLsn: LsnText;
  /** Undefined where there is none of that name. */
  slot: SlotFacts | undefined;
}

/** Reads how far a slot has come, and the server. */
export async function readPosition(client: pg.Client, slot: string): Promise<StreamPosition> {
  // The slot first: what it has come to can't be beyond what the server tells afterwards.
  const [found] = await readSlots(client, slot);
  const { rows } = await client.query<Omit<StreamPosition, 'slot'>>(
    `SELECT (${currentLsn})::text AS "serverLsn",
            (SELECT system_identifier::text FROM pg_control_system()) AS "systemIdentifier"`,
  );
  const [row] = rows;
  if (!row) throw new Error('the server told no position');
  return { ...row, slot: found };
}
