import { execa } from 'execa';
import { HoldfastError } from '../../domain/errors.js';
import type { LsnText } from '../../domain/wal/base-backup.js';
import type { ServerPrograms } from './server-programs.js';

/** What `pg_controldata` says of a data directory. */
export interface ControlData {
  /** `in archive recovery`, `shut down in recovery`, `in production`, `shut down`. */
  state: string;
  systemIdentifier: string;
  /** Of the latest checkpoint. */
  timeline: number;
  checkpointLsn: LsnText;
  /** ISO 8601, to the second; undefined where it could not be read. */
  checkpointAt: string | undefined;
  /** Recovery must come at least this far to be consistent; `0/0` when it isn't in recovery. */
  minRecoveryEnd: LsnText;
  hasDataChecksums: boolean;
  /** What a server must have at least, to start at all and for sessions to be let in during recovery. */
  settings: Record<string, string>;
}

/** Settings by the names that `pg_controldata` has for them. */
const settingNames = {
  'max_connections setting': 'max_connections',
  'max_worker_processes setting': 'max_worker_processes',
  'max_wal_senders setting': 'max_wal_senders',
  'max_prepared_xacts setting': 'max_prepared_transactions',
  'max_locks_per_xact setting': 'max_locks_per_transaction',
} as const;

/** Reads a data directory's control file. @throws HoldfastError `RecoveryFailed` */
export async function readControlData(programs: ServerPrograms, dataDir: string): Promise<ControlData> {
  const env = { LC_ALL: 'C', TZ: 'UTC', PATH: process.env.PATH ?? '' };
  const options = { env, extendEnv: false, reject: false, timeout: 60_000 } as const;
  const { stdout, stderr, exitCode } = await execa(programs.controldata, ['-D', dataDir], options);
  const values = new Map(
    stdout.split('\n').map((line) => {
      const at = line.indexOf(':');
      return [line.slice(0, at), line.slice(at + 1).trim()] as const;
    }),
  );
  const value = (name: string) => values.get(name) ?? '';
  if (exitCode !== 0 || /WARNING/.test(stdout + stderr) || value('Database cluster state') === '') {
    const cause = `pg_controldata: ${(stderr || stdout).trim().slice(0, 400) || 'it said nothing'}`;
    const remedy = 'recover from another base backup';
    throw new HoldfastError('RecoveryFailed', {
      attempted: `read the control file of ${dataDir}`,
      cause,
      remedy,
    });
  }
  return {
    state: value('Database cluster state'),
    systemIdentifier: value('Database system identifier'),
    timeline: Number(value("Latest checkpoint's TimeLineID")),
    checkpointLsn: value('Latest checkpoint location'),
    checkpointAt: isoOf(value('Time of latest checkpoint')),
    minRecoveryEnd: value('Minimum recovery ending location'),
    hasDataChecksums: value('Data page checksum version') !== '0',
    settings: {
      ...walSizes(Number(value('Bytes per WAL segment'))),
      ...Object.fromEntries(Object.entries(settingNames).map(([said, name]) => [name, value(said)] as const)),
    },
  };
}

/**
 * PostgreSQL's defaults, but at least two segments, without which a server does not start. `initdb` writes such values into
 * postgresql.conf, which is not read here.
 */
function walSizes(segmentSizeBytes: number): Record<string, string> {
  const twoSegments = (2 * segmentSizeBytes) / 1024 ** 2;
  return {
    min_wal_size: `${Math.max(80, twoSegments)}MB`,
    max_wal_size: `${Math.max(1024, twoSegments)}MB`,
  };
}

/** `Sun Nov 22 13:04:55 2026`, as the C locale writes it, in UTC. */
function isoOf(text: string): string | undefined {
  const at = Date.parse(`${text} UTC`);
  return Number.isNaN(at) ? undefined : new Date(at).toISOString();
}
