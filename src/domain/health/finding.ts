/** The seven checks of a look at a cluster's backups. */
export const checkNames = [
  'repository',
  'backup_age',
  'backup_integrity',
  'disk_space',
  'size_trend',
  'backup_count',
  'wal_archive',
] as const;

export type CheckName = (typeof checkNames)[number];

/** `not applicable`: there is nothing to judge, or what it would be judged by is not known. */
export type HealthState = 'ok' | 'warning' | 'critical' | 'not applicable';

/** What one check says of one database, or of a whole cluster. */
export interface Finding {
  check: CheckName;
  cluster: string;
  /** Empty: of the whole cluster. */
  database: string;
  state: HealthState;
  message: string;
  /** What it was held against, in words. */
  threshold: string;
  /** What to do about it; empty where nothing is to be done. */
  remedy: string;
  /** By the names and units of `holdfast metrics`. */
  metrics: Record<string, number>;
}

const severity: Record<HealthState, number> = { 'not applicable': 0, ok: 0, warning: 1, critical: 2 };

/** Orders findings, the worst first, and those of one state by check and database. */
export function worstFirst(a: Finding, b: Finding): number {
  return (
    severity[b.state] - severity[a.state] ||
    checkNames.indexOf(a.check) - checkNames.indexOf(b.check) ||
    (a.database < b.database ? -1 : Number(a.database > b.database))
  );
}

/** How many findings there are of each state. */
export type StateCounts = Record<HealthState, number>;

export function countStates(findings: readonly Pick<Finding, 'state'>[]): StateCounts {
  const counts: StateCounts = { ok: 0, warning: 0, critical: 0, 'not applicable': 0 };
  for (const { state } of findings) counts[state] += 1;
  return counts;
}

export function addCounts(a: StateCounts, b: StateCounts): StateCounts {
  return {
    ok: a.ok + b.ok,
    warning: a.warning + b.warning,
    critical: a.critical + b.critical,
    'not applicable': a['not applicable'] + b['not applicable'],
  };
}
