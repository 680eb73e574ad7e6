import type { Alert, AlertType } from '../alert.js';
import { duration, hourMs } from '../durations.js';
import type { CheckName, Finding, HealthState } from './finding.js';
import type { TellableFinding } from './report.js';

/** What was last told of one check of one database. */
export interface ToldState {
  state: Exclude<HealthState, 'not applicable'>;
  /** Since when it is in that state, and when that was last told; ISO 8601. */
  since: string;
  toldAt: string;
  /** When a look last found it so; what no look finds any more is forgotten. */
  seenAt: string;
  /** The worst since it was last ok, where that is worse than it is now. */
  worst?: 'critical' | undefined;
}

/** By {@link findingKey}. */
export type ToldStates = Record<string, ToldState>;

/** An alert of a change, or a reminder; by its key those can be told whose predecessor is not even delivered. */
export interface PlannedAlert {
  key: string;
  kind: 'change' | 'reminder' | 'recovery';
  alert: Omit<Alert, 'id' | 'host'>;
}

export interface AlertQuestion {
  told: ToldStates;
  findings: readonly TellableFinding[];
  now: Date;
  reminderHours: number;
}

/** What was not looked at for so long is of no database any more. */
const forgottenAfterMs = 30 * 24 * hourMs;

/** One check of one database, or of the whole cluster. */
function findingKey({ check, database }: Pick<Finding, 'check' | 'database'>): string {
  return `${check} ${database}`;
}

/**
 * What is to be told: each change of state, a state that lasts again and again, and that it is over. What is not
 * applicable says nothing: a repository that is not mounted makes no backup young again.
 */
export function planAlerts({ told, findings, now, reminderHours }: AlertQuestion): {
  alerts: PlannedAlert[];
  told: ToldStates;
} {
  const at = now.toISOString();
  const next: Map<string, ToldState> = new Map(
    Object.entries(told).filter(([, { seenAt }]) => now.getTime() - Date.parse(seenAt) < forgottenAfterMs),
  );
  const alerts: PlannedAlert[] = [];
  for (const finding of findings) {
    if (finding.state === 'not applicable') continue;
    const key = findingKey(finding);
    const last = next.get(key);
    const kind = kindOf(finding.state, last, now, reminderHours * hourMs);
    if (kind) alerts.push({ key, kind, alert: alertOf(finding, kind, last, at) });
    if (!last && !kind) continue;
    if (finding.state === 'ok') next.delete(key);
    else next.set(key, nextState(finding.state, last, kind !== undefined, at));
  }
  // Defined, not assigned: a database may be called __proto__.
  return { alerts, told: Object.fromEntries(next) };
}

function nextState(
  state: ToldState['state'],
  last: ToldState | undefined,
  isTold: boolean,
  at: string,
): ToldState {
  const wasCritical = last?.state === 'critical' || last?.worst === 'critical';
  return {
    state,
    since: last?.state === state ? last.since : at,
    toldAt: isTold || !last ? at : last.toldAt,
    seenAt: at,
    ...(wasCritical && state !== 'critical' && { worst: 'critical' }),
  };
}

function kindOf(
  state: HealthState,
  last: ToldState | undefined,
  now: Date,
  reminderMs: number,
): PlannedAlert['kind'] | undefined {
  if (state === (last?.state ?? 'ok')) {
    const isDue = last !== undefined && now.getTime() - Date.parse(last.toldAt) >= reminderMs;
    return isDue ? 'reminder' : undefined;
  }
  return state === 'ok' ? 'recovery' : 'change';
}

const alertTypes: Record<CheckName, AlertType> = {
  repository: 'backup_health',
  backup_age: 'backup_age',
  backup_integrity: 'backup_integrity',
  disk_space: 'disk_space',
  size_trend: 'backup_health',
  backup_count: 'backup_count',
  wal_archive: 'wal_archive',
};

function alertOf(
  finding: TellableFinding,
  kind: PlannedAlert['kind'],
  last: ToldState | undefined,
  time: string,
): PlannedAlert['alert'] {
  const { check, cluster, database, state, message, remedy, metrics } = finding;
  const lastedSeconds = last ? (Date.parse(time) - Date.parse(last.since)) / 1000 : 0;
  const words = {
    change: last ? `${state}, was ${last.state}: ${message}` : message,
    reminder: `still ${state} after ${duration(lastedSeconds)}: ${message}`,
    recovery: `recovered after ${duration(lastedSeconds)}: ${message}`,
  }[kind];
  return {
    type: alertTypes[check],
    priority: priorityOf(state),
    message: words,
    ...(remedy !== undefined && remedy !== '' && { remedy }),
    ...(last && { ends: priorityOf(last.worst ?? last.state) }),
    database,
    cluster,
    metrics: { ...metrics, check, state, ...(last && { since: last.since }) },
    time,
  };
}

function priorityOf(state: HealthState): Alert['priority'] {
  if (state === 'critical') return 'critical';
  return state === 'warning' ? 'medium' : 'info';
}
