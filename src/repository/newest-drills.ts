import { readDrills } from './drill-memory.js';

/** How the last drill of a database, or of a point in time, ended. */
export interface NewestDrill {
  cluster: string;
  /** Null: a point in time of the whole cluster. */
  database: string | null;
  /** ISO 8601, UTC. */
  at: string;
  proven: boolean;
  /** Why it was not proven; null where it was. */
  problem: string | null;
  /** Of the full backup or base backup that was restored; null where none was found. */
  backupId: string | null;
  /** When one was proven last, ISO 8601; null: never, as far as is remembered. */
  lastProvenAt: string | null;
}

/** The last drill of each database of a cluster, and of points in time, as the repository remembers them. */
export async function newestDrills(root: string, cluster: string): Promise<NewestDrill[]> {
  const memories = await readDrills(root);
  return memories.flatMap(({ database, drills }) => {
    const last = drills.at(-1);
    if (!last) return [];
    const { at, ok: proven, error: problem, backup: backupId } = last;
    const lastProvenAt = drills.findLast(({ ok }) => ok)?.at ?? null;
    return [{ cluster, database, at, proven, problem, backupId, lastProvenAt }];
  });
}
