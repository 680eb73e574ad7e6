import type { DatabaseBackups, HealthFacts } from './facts.js';
import type { CheckName, Finding } from './finding.js';

/** A finding that is yet to be judged. */
export type Unjudged = Omit<Finding, 'state' | 'message'>;

/** One of the whole cluster. */
export function ofCluster(
  check: CheckName,
  { cluster }: HealthFacts,
  threshold: string,
  metrics: Record<string, number> = {},
): Unjudged {
  return { check, cluster, database: '', threshold, remedy: '', metrics };
}

/** One of a database. */
export function ofDatabase(
  check: CheckName,
  { cluster }: HealthFacts,
  { database }: DatabaseBackups,
  threshold: string,
): Unjudged {
  return { check, cluster, database, threshold, remedy: '', metrics: {} };
}

/** A database that the server has no more, and that nobody asks for by name. */
export function isGone({ onServer, configured }: DatabaseBackups): boolean {
  return onServer === false && !configured;
}

export function nothingToJudge(finding: Unjudged, message: string): Finding {
  return { ...finding, state: 'not applicable', message };
}
