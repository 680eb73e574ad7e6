import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { encodeDatabaseName } from '../domain/backup/names.js';
import type { DrillOutcome } from '../domain/drill/contracts.js';
import { isFolder, readText, statFile } from '../files/real-file.js';
import { writeWhole } from '../files/write-whole.js';
import { makeFolder } from './local/prepare.js';

const drill = z.object({
  /** ISO 8601, UTC. */
  at: z.string(),
  ok: z.boolean(),
  error: z.string().nullable(),
  backup: z.string().nullable(),
  taken_at: z.string().nullable(),
  size_bytes: z.number().nullable(),
  tables: z.number().nullable(),
  rows: z.number().nullable(),
  load_seconds: z.number(),
  prove_seconds: z.number(),
  total_seconds: z.number(),
  seconds_per_gb: z.number().nullable(),
});

const memory = z.object({
  format_version: z.literal(1),
  /** Null: a point in time of the whole cluster. */
  database: z.string().nullable(),
  /** The newest last. */
  drills: z.array(drill),
});

/** What is remembered of the drills of one database, or of points in time. */
export type RememberedDrills = z.infer<typeof memory>;

/** Two years of months. */
const kept = 24;

/**
 * Adds a drill to what is remembered, for trends: a file a database, `full/.drills/databases/NAME.json`, and
 * `full/.drills/point-in-time.json`. Added again by a later attempt, it is there once.
 * @returns the drill before it, if there was one
 */
export async function rememberDrill(
  root: string,
  outcome: DrillOutcome,
): Promise<RememberedDrills['drills'][number] | undefined> {
  const { database } = outcome;
  const folder = database === null ? drillsFolder(root) : join(drillsFolder(root), 'databases');
  if (!(await isFolder(folder))) await makeFolder(folder);
  const path = join(folder, database === null ? recoveryName : `${encodeDatabaseName(database)}.json`);
  const earlier = ((await readMemory(path))?.drills ?? []).filter(({ at }) => at !== outcome.at);
  const drills = [...earlier, remembered(outcome)].slice(-kept);
  await writeWhole(path, `${JSON.stringify({ format_version: 1, database, drills })}\n`);
  return earlier.at(-1);
}

/** What is remembered of every database's drills and of points in time; what can't be read is left out. */
export async function readDrills(root: string): Promise<RememberedDrills[]> {
  const folder = join(drillsFolder(root), 'databases');
  const names = (await readdir(folder).catch((): string[] => [])).filter((name) => name.endsWith('.json'));
  const paths = [...names.sort().map((name) => join(folder, name)), join(drillsFolder(root), recoveryName)];
  const all: RememberedDrills[] = [];
  for (const path of paths) {
    const found = await readMemory(path);
    if (found) all.push(found);
  }
  return all;
}

const recoveryName = 'point-in-time.json';

function drillsFolder(root: string): string {
  return join(root, 'full', '.drills');
}

async function readMemory(path: string): Promise<RememberedDrills | undefined> {
  if (!(await statFile(path))) return undefined;
  try {
    return memory.parse(JSON.parse(await readText(path)));
  } catch {
    // A memory, not a proof: without it the trend begins anew.
    return undefined;
  }
}

function remembered({ at, error, backup, proof, seconds, secondsPerGb }: DrillOutcome) {
  return {
    ...{ at, ok: error === null, error: error?.message ?? null },
    ...{ backup: backup?.id ?? null, taken_at: backup?.takenAt ?? null },
    ...{ size_bytes: proof?.sizeBytes ?? null, tables: proof?.tables ?? null, rows: proof?.rows ?? null },
    ...{ load_seconds: seconds.load, prove_seconds: seconds.prove, total_seconds: seconds.total },
    seconds_per_gb: secondsPerGb,
  };
}
