import type { Figure, GaugeName } from './catalogue.js';

/** What is remembered of the drills of one database; of points in time where `database` is null. */
export interface DrillHistory {
  database: string | null;
  /** The newest last. */
  drills: {
    /** ISO 8601, UTC. */
    at: string;
    ok: boolean;
    /** Of what was restored; null where it was not proven. */
    size_bytes: number | null;
    total_seconds: number;
    /** Null where it was not proven, or is empty. */
    seconds_per_gb: number | null;
  }[];
}

/** What drills have measured, for a monitoring system. */
export function drillFigures(cluster: string, histories: readonly DrillHistory[]): Figure[] {
  return histories.flatMap(({ database, drills }) => {
    const last = drills.at(-1);
    const proven = drills.findLast(({ ok }) => ok);
    const values: Partial<Record<GaugeName, number | null>> = {
      holdfast_drill_proven: last ? Number(last.ok) : null,
      holdfast_drill_last_success_timestamp_seconds: proven ? Date.parse(proven.at) / 1000 : null,
      holdfast_drill_duration_seconds: proven?.total_seconds ?? null,
      holdfast_drill_size_bytes: proven?.size_bytes ?? null,
      holdfast_drill_seconds_per_gb: proven?.seconds_per_gb ?? null,
    };
    const labels = { cluster, database: database ?? '' };
    return Object.entries(values).flatMap(([name, value]) =>
      value === null ? [] : [{ name: name as GaugeName, labels, value }],
    );
  });
}
