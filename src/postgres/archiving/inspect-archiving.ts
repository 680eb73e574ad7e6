import type pg from 'pg';
import type {
  ArchiverFacts,
  ArchivingFacts,
  ArchivingSetting,
  ServerSetting,
} from '../../domain/wal/archiving.js';
import { reportedError } from '../connection/error.js';

/**
 * Reads what the server archives, and how. `archive_command` is taken from `reset_val`: `setting` hides it while
 * `archive_mode` is off.
 */
export async function inspectArchiving(client: pg.Client): Promise<ArchivingFacts> {
  const { rows } = await client.query<FactsRow>(factsQuery);
  const [row] = rows;
  if (!row) throw new Error('the server told nothing of itself');
  const next = await readFileSettings(client);
  const settings = Object.fromEntries(
    row.settings.map(({ name, now, pending, source }): [string, ServerSetting] => [
      name,
      {
        now,
        next: fromFile.has(source) || pending ? (next.get(name) ?? now) : now,
        pendingRestart: pending,
        source,
      },
    ]),
  ) as ArchivingFacts['settings'];
  return {
    serverVersionNum: row.version,
    systemIdentifier: row.system_identifier,
    timeline: row.timeline,
    segmentSizeBytes: Number(row.segment_size),
    inRecovery: row.in_recovery,
    currentLsn: row.current_lsn,
    settings,
    archiver: archiverFacts(row.archiver),
  };
}

interface FactsRow {
  version: number;
  system_identifier: string;
  timeline: number;
  segment_size: string;
  in_recovery: boolean;
  current_lsn: string;
  settings: { name: ArchivingSetting; now: string; pending: boolean; source: string }[];
  archiver: ArchiverRow;
}

interface ArchiverRow {
  archived_count: number;
  last_archived_wal: string | null;
  last_archived_time: string | null;
  failed_count: number;
  last_failed_wal: string | null;
  last_failed_time: string | null;
}

const names = `('wal_level', 'archive_mode', 'archive_command', 'archive_library')`;

/** The last checkpoint's timeline is behind for a moment after a promotion; a standby tells no other. */
const factsQuery = `
  SELECT current_setting('server_version_num')::int AS version,
         (SELECT system_identifier::text FROM pg_control_system()) AS system_identifier,
         CASE WHEN pg_is_in_recovery() THEN (SELECT timeline_id FROM pg_control_checkpoint())
              ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int END AS timeline,
         (SELECT setting FROM pg_settings WHERE name = 'wal_segment_size') AS segment_size,
         pg_is_in_recovery() AS in_recovery,
         (CASE WHEN pg_is_in_recovery() THEN coalesce(pg_last_wal_replay_lsn(), '0/0')
               ELSE pg_current_wal_lsn() END)::text AS current_lsn,
         (SELECT json_agg(json_build_object('name', name, 'now', coalesce(reset_val, ''),
                                            'pending', pending_restart, 'source', source))
          FROM pg_settings WHERE name IN ${names}) AS settings,
         (SELECT row_to_json(a) FROM pg_stat_archiver a) AS archiver`;

/** Sources that what stands in the files can still replace; a command line's can't be. */
const fromFile = new Set(['default', 'configuration file']);

/** What the files say, the last line of a name deciding; nothing where the role may not know. */
async function readFileSettings(client: pg.Client): Promise<Map<string, string>> {
  try {
    const { rows } = await client.query<{ name: string; setting: string }>(
      `SELECT name, setting FROM pg_file_settings WHERE name IN ${names} AND setting IS NOT NULL ORDER BY seqno`,
    );
    return new Map(rows.map(({ name, setting }) => [name, setting]));
  } catch (error) {
    // 42501: insufficient_privilege
    if (reportedError(error).code !== '42501') throw error;
    return new Map();
  }
}

function archiverFacts(row: ArchiverRow): ArchiverFacts {
  const iso = (time: string | null) => (time === null ? null : new Date(time).toISOString());
  return {
    archivedCount: row.archived_count,
    lastArchivedFile: row.last_archived_wal,
    lastArchivedAt: iso(row.last_archived_time),
    failedCount: row.failed_count,
    lastFailedFile: row.last_failed_wal,
    lastFailedAt: iso(row.last_failed_time),
  };
}
