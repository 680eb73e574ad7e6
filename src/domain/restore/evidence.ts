import type { AssertionResult } from './assertion.js';
import type { PropertyChange } from './compare-properties.js';
import type { CountComparison, TargetDifference } from './compare-tables.js';
import type { RestoreSpace } from './space.js';

/** What an approver sees: what would be restored, how it was proven, and what would be different. */
export interface RestoreEvidence {
  /** The target is dropped before the backup is loaded: this can't be undone. */
  inPlace: boolean;
  backup: {
    id: string;
    /** SHA-256 of the stored file. */
    checksum: string;
    /** ISO 8601, UTC. */
    takenAt: string;
    ageSeconds: number;
  };
  target: {
    cluster: string;
    /** Of the cluster; null when it is not known. */
    systemIdentifier: string | null;
    name: string;
    /** Null when there is no database of that name. */
    oid: number | null;
    sizeBytes: number | null;
    sessions: number;
  };
  staging: { name: string; oid: number; sizeBytes: number; tables: number; rows: number };
  counts: CountComparison;
  /** How many objects of each kind. */
  objects: Record<string, number>;
  extensions: { name: string; version: string }[];
  /** Extensions of the backup that the restored database has not. */
  missingExtensions: string[];
  invalidIndexes: string[];
  unvalidatedConstraints: string[];
  /** Questions of the user's own, and the answers. */
  assertions: AssertionResult[];
  /** Room on the server, before anything was made. */
  space: RestoreSpace;
  /** Roles that the restore has created from the backup's globals. */
  createdRoles: string[];
  /** Null when the target doesn't exist. */
  difference: TargetDifference | null;
  /** What of the target's own properties becomes the backup's; null when it doesn't exist, or could not be asked. */
  properties: PropertyChange[] | null;
  /** SHA-256 of the list of every table that differs, where that is longer than what is named above. */
  everyDifference?: string;
  /** What could not be restored as it was: settings, grants, tablespace. */
  warnings: string[];
  /** What stands against the swap: prepared transactions, replication slots. */
  blockers: string[];
}

/** The digest that binds a decision to evidence: of its canonical JSON, by a SHA-256 that the caller has. */
export function evidenceDigest(evidence: object, sha256: (text: string) => string): string {
  return sha256(canonicalJson(evidence));
}

/** JSON with every object's keys in order and without those that are undefined: one text for one value. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`;
}

/** Why the restored database is not proven to be the backup, in words; nothing when it is. */
export function provenProblems(evidence: RestoreEvidence): string[] {
  const { counts, assertions, invalidIndexes, missingExtensions, staging } = evidence;
  const differing = counts.differences
    .slice(0, 5)
    .map(({ table, expected, found }) => `${table}: ${rows(found)} instead of ${rows(expected)}`);
  const more = counts.differenceCount - differing.length;
  return [
    ...differing,
    ...(more > 0 ? [`${more} more tables differ from the backup’s metadata`] : []),
    ...(counts.equalTables + counts.notCompared + counts.differenceCount < staging.tables
      ? [`only ${counts.equalTables} of ${staging.tables} tables were compared`]
      : []),
    ...missingExtensions.map((name) => `the extension ${name} is missing`),
    ...invalidIndexes.map((name) => `the index ${name} is not valid`),
    ...assertions
      .filter(({ ok }) => !ok)
      .map(({ name, expected, found }) => `assertion "${name}": found ${found}, expected ${expected}`),
  ];
}

function rows(count: number | null): string {
  return count === null ? 'no table' : `${count} rows`;
}
