/** The account of the operating system that a server runs under. */
export interface ServerAccount {
  uid: number;
  gid: number;
  /** Its name, or its number where it has none. */
  name: string;
}

/** A setting of the server. */
export interface ServerSetting {
  /** In force. */
  now: string;
  /** What it will be after a restart, as far as the role may know; else the same as now. */
  next: string;
  /** Whether the server says that it waits for a restart. */
  pendingRestart: boolean;
  /** As `pg_settings.source`: `default`, `configuration file`, `command line`, … */
  source: string;
}

export type ArchivingSetting = 'wal_level' | 'archive_mode' | 'archive_command' | 'archive_library';

/** A server as far as archiving goes. */
export interface ArchivingFacts {
  /** As `server_version_num`: 150013. */
  serverVersionNum: number;
  /** Of the cluster, in decimal: the same in each of its segments. */
  systemIdentifier: string;
  timeline: number;
  segmentSizeBytes: number;
  /** Whether the server is a standby. */
  inRecovery: boolean;
  /** Where the log ends now: written, or on a standby replayed. `0/16B3748`. */
  currentLsn: string;
  /** `archive_library` came with PostgreSQL 15; absent before. */
  settings: Record<Exclude<ArchivingSetting, 'archive_library'>, ServerSetting> & {
    archive_library?: ServerSetting;
  };
  archiver: ArchiverFacts;
}

/** `pg_stat_archiver`; times are ISO 8601, UTC. */
export interface ArchiverFacts {
  archivedCount: number;
  lastArchivedFile: string | null;
  lastArchivedAt: string | null;
  failedCount: number;
  lastFailedFile: string | null;
  lastFailedAt: string | null;
}

/**
 * - `fine`: nothing to do
 * - `restart`: set already, and in force after a restart
 * - `change`: to be set
 * - `foreign`: to be set, but somebody else's value would be overwritten
 */
export type SettingState = 'fine' | 'restart' | 'change' | 'foreign';

/** What is to become of one setting. */
export interface SettingPlan {
  name: ArchivingSetting;
  now: string;
  needed: string;
  state: SettingState;
  /** Whether the needed value is in force only after a restart. */
  needsRestart: boolean;
  /** What stands in the way of setting it by ALTER SYSTEM. */
  hindrance: string | null;
}

/** What a server needs so that it archives by `command`. */
export function planArchiving(facts: ArchivingFacts, command: string): SettingPlan[] {
  const { wal_level, archive_mode, archive_command, archive_library } = facts.settings;
  const plans = [
    plan('wal_level', wal_level, 'replica', (value) => value === 'replica' || value === 'logical'),
    plan('archive_mode', archive_mode, 'on', (value) => value === 'on' || value === 'always'),
    plan('archive_command', archive_command, command, (value) => value === command),
  ];
  // Told only where there is one: it comes before the command, and from PostgreSQL 16 on must not stand beside it.
  if (archive_library && archive_library.now !== '') {
    plans.push(plan('archive_library', archive_library, '', (value) => value === ''));
  }
  return plans;
}

const needRestart: readonly ArchivingSetting[] = ['wal_level', 'archive_mode'];

function plan(
  name: ArchivingSetting,
  { now, next, pendingRestart, source }: ServerSetting,
  needed: string,
  isFine: (value: string) => boolean,
): SettingPlan {
  const needsRestart = needRestart.includes(name);
  const state = stateOf();
  const isForced = state !== 'fine' && ['command line', 'environment variable'].includes(source);
  return {
    name,
    now,
    needed: state === 'fine' ? now : needed,
    state,
    needsRestart: needsRestart && state !== 'fine',
    hindrance: isForced ? `set by the server's ${source}, which ALTER SYSTEM does not change` : null,
  };

  function stateOf(): SettingState {
    if (isFine(now) && isFine(next)) return 'fine';
    if (needsRestart && isFine(next)) return pendingRestart || next !== now ? 'restart' : 'fine';
    return !needsRestart && now !== '' ? 'foreign' : 'change';
  }
}

/** Whether the server archives now as planned. */
export function isArchiving(plans: readonly SettingPlan[]): boolean {
  return plans.every(({ state }) => state === 'fine');
}
