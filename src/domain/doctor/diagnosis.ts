import { type ErrorType, errorCatalogue } from '../errors.js';
import type { HealthState } from '../health/finding.js';

/** What `holdfast doctor` looks at on this machine, in this order; then for each cluster. */
export const machineChecks = [
  'settings',
  'secrets',
  'state folder',
  'alerts',
  'temporal',
  'search attributes',
  'workers',
  'schedules',
] as const;

export const clusterChecks = [
  'connection',
  'client tools',
  'clock',
  'dump role',
  'replication role',
  'restore role',
  'repository',
  'disk space',
  'compression',
  'archiving',
  'replication slots',
] as const;

export type DoctorCheck = (typeof machineChecks)[number] | (typeof clusterChecks)[number];

/** What one check says of this machine, or of one cluster. */
export interface Diagnosis {
  check: DoctorCheck;
  /** Empty: of this machine. */
  cluster: string;
  state: HealthState;
  /** What was seen. */
  found: string;
  /** What to do, commands and SQL each on a line of its own; empty where nothing is to be done. */
  remedy: string;
  /** As which error an operation will fail; null where none will for this reason. */
  failsAs: ErrorType | null;
}

/** A diagnosis of a check that is still to be made out. */
export type Verdict = Pick<Diagnosis, 'state' | 'found'> & Partial<Pick<Diagnosis, 'remedy' | 'failsAs'>>;

export function diagnosis(check: DoctorCheck, cluster: string, verdict: Verdict): Diagnosis {
  return { check, cluster, remedy: '', failsAs: null, ...verdict };
}

export const fine = (found: string): Verdict => ({ state: 'ok', found });
export const unneeded = (found: string, remedy = ''): Verdict => ({
  state: 'not applicable',
  found,
  remedy,
});
export const doubtful = (found: string, remedy: string): Verdict => ({ state: 'warning', found, remedy });
export const failing = (failsAs: ErrorType, found: string, remedy: string): Verdict => ({
  ...{ state: 'critical', found, remedy, failsAs },
});

/** Which exit code counts first, where several things are critical: what is to be mended before the others. */
const firstToMend = [2, 3, 4, 5, 1];

/** 0 where nothing is critical; else that of what is to be mended first: settings, connection, backup, the rest. */
export function exitCodeOf(diagnoses: readonly Diagnosis[]): number {
  const codes = diagnoses
    .filter(({ state }) => state === 'critical')
    .map(({ failsAs }) => errorCatalogue[failsAs ?? 'GeneralError'].exitCode);
  return firstToMend.find((code) => codes.some((each) => each === code)) ?? (codes.length > 0 ? 1 : 0);
}
