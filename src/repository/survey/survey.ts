import { lstat } from 'node:fs';
import { readdir } from 'node:fs/promises';
import type { Flaw } from '../../domain/health/facts.js';
import type { RereadEntry } from '../../domain/health/plan-rereads.js';
import { parseTimestamp } from '../../domain/names.js';
import { storing } from '../../files/storage-error.js';
import { artifactNamesOf, globalsSuffix, metadataSuffix, parseBackupId } from '../backup-files.js';
import { baseRepository } from '../base/base-repository.js';
import { type Layout, layoutOf } from '../local/layout.js';
import { backupIds } from '../local/list.js';
import { readBackup } from '../local/read-backup.js';
import { type RememberedBackup, SurveyMemory } from './survey-memory.js';

/** A backup of the repository, as far as is known without reading its artifact. */
export interface SurveyedBackup extends RereadEntry {
  /** Null: a base backup, of the whole cluster. */
  database: string | null;
  /** Empty: nothing is known to be wrong. */
  flaw: string;
}

export interface Survey {
  /** In no particular order. */
  backups: SurveyedBackup[];
  /** Metadata that is of no backup by its name. */
  strange: Flaw[];
  /** Backups whose metadata was left to the next look. */
  unseen: number;
  memory: SurveyMemory;
}

export interface SurveyOptions {
  now: Date;
  /** Metadata files that are read at most, the newest first. @defaultValue 2000 */
  mostReads?: number;
  /** Of a process that looks often and stores nothing: what it has read counts where the stored memory has nothing. */
  remembered?: RememberedBackups;
}

/** Backups by id. */
export type RememberedBackups = Map<string, RememberedBackup>;

const looksAtOnce = 256;

/**
 * Looks at every backup of a cluster, full ones and base backups. Metadata is read where files have changed since they
 * were last seen: of what has not, names, sizes and times are enough.
 */
export async function survey(root: string, cluster: string, options: SurveyOptions): Promise<Survey> {
  const { now, mostReads = 2000, remembered } = options;
  const layout = layoutOf(root, cluster);
  const memory = await SurveyMemory.read(layout.full, now);
  const { ids, misnamed } = await backupIds(layout);
  const names = new Set(ids.length === 0 ? [] : await fileNames(layout));
  const found: Survey = {
    backups: [],
    strange: misnamed.map((id) => ({
      file: `full/${id}${metadataSuffix}`,
      why: 'its name is not that of a full backup',
    })),
    unseen: 0,
    memory,
  };
  const looker = new Looker(layout, names, { now, mostReads, remembered, memory });
  for (let next = 0; next < ids.length; next += looksAtOnce) {
    const looks = ids.slice(next, next + looksAtOnce).map((id) => looker.look(id));
    found.backups.push(...(await Promise.all(looks)).filter((backup) => backup !== undefined));
  }
  found.unseen = looker.unseen;
  found.backups.push(...(await surveyBases(root, cluster, memory, now)));
  const there = new Set(found.backups.map(({ id }) => id));
  memory.keepOnly(there);
  for (const id of remembered?.keys() ?? []) if (!there.has(id)) remembered?.delete(id);
  return found;
}

interface LookerOptions {
  now: Date;
  mostReads: number;
  remembered: RememberedBackups | undefined;
  memory: SurveyMemory;
}

/** Looks at backups one by one, and reads what has changed as long as reading is allowed. */
class Looker {
  /** How many backups were left to the next look. */
  unseen = 0;
  #reads = 0;

  constructor(
    private readonly layout: Layout,
    private readonly names: ReadonlySet<string>,
    private readonly options: LookerOptions,
  ) {}

  /** Undefined for a backup that is gone. */
  async look(id: string): Promise<SurveyedBackup | undefined> {
    const { memory, now } = this.options;
    const stamp = await stampOf(this.layout, id, this.names);
    const isKnown = memory.get(id)?.stamp === stamp || this.#recall(id, stamp);
    if (!isKnown && !(await this.#read(id, stamp))) return undefined;
    return surveyed(id, memory, now);
  }

  /** Whether this process has read it before. */
  #recall(id: string, stamp: string): boolean {
    const { memory, remembered } = this.options;
    const ours = remembered?.get(id);
    if (ours?.stamp !== stamp) return false;
    memory.set(id, ours);
    return true;
  }

  /** Reads it, unless enough was read. False when it is gone. */
  async #read(id: string, stamp: string): Promise<boolean> {
    const { memory, remembered, mostReads, now } = this.options;
    if (this.#reads >= mostReads) {
      this.unseen += 1;
      return true;
    }
    this.#reads += 1;
    if (!(await readInto(memory, this.layout, id, stamp, now))) return false;
    const read = memory.get(id);
    if (read) remembered?.set(id, read);
    return true;
  }
}

async function fileNames({ full }: Layout): Promise<string[]> {
  return storing({ attempted: `list ${full}`, path: full }, () => readdir(full));
}

/** What changes with the files of a backup. */
async function stampOf({ full }: Layout, id: string, names: ReadonlySet<string>): Promise<string> {
  const artifacts = artifactNamesOf(id).filter((name) => names.has(name));
  const files = [`${id}${metadataSuffix}`, ...artifacts];
  const parts = await Promise.all(files.map((file) => stampOfFile(`${full}/${file}`)));
  return [...parts, names.has(`${id}${globalsSuffix}`) ? 'globals' : ''].join(' ');
}

/** By the plain call: with promises of its own it takes twice the time, and this is all that most looks do. */
function stampOfFile(path: string): Promise<string> {
  return new Promise((resolve) => {
    lstat(path, (error, stats) => resolve(error ? 'none' : `${stats.size}@${stats.ctimeMs}`));
  });
}

/** Reads a backup's metadata and remembers what it says. False when it is gone. */
async function readInto(
  memory: SurveyMemory,
  layout: Layout,
  id: string,
  stamp: string,
  now: Date,
): Promise<boolean> {
  const read = await readBackup(layout, id);
  if (!read) return false;
  const before = memory.get(id);
  const seenAtMs = before?.seenAtMs ?? now.getTime();
  if (!('backup' in read)) {
    const takenAtMs = before?.takenAtMs ?? namedTime(id);
    memory.set(id, {
      stamp,
      takenAtMs,
      sizeBytes: before?.sizeBytes ?? 0,
      readAtMs: null,
      seenAtMs,
      flaw: read.why,
    });
    return true;
  }
  const { takenAt, sizeBytes, verifiedAt } = read.backup.summary;
  const verified = verifiedAt === null ? Number.NaN : Date.parse(verifiedAt);
  // What was read before its files changed is not what is there now: only its own proof at publication counts.
  const readAtMs = verified <= now.getTime() ? verified : null;
  memory.set(id, { stamp, takenAtMs: Date.parse(takenAt), sizeBytes, readAtMs, seenAtMs, flaw: '' });
  return true;
}

function surveyed(id: string, memory: SurveyMemory, now: Date): SurveyedBackup | undefined {
  const name = parseBackupId(id);
  if (!name) return undefined;
  return { id, database: name.database, ...(memory.get(id) ?? unread(id, now)) };
}

/** What the name alone tells, until there is a look. */
function unread(id: string, now: Date): Omit<RememberedBackup, 'stamp'> {
  return { takenAtMs: namedTime(id), sizeBytes: 0, readAtMs: null, seenAtMs: now.getTime(), flaw: '' };
}

function namedTime(id: string): number {
  return parseTimestamp(id.slice(-'YYYYMMDD_HHMMSS'.length))?.getTime() ?? 0;
}

async function surveyBases(
  root: string,
  cluster: string,
  memory: SurveyMemory,
  now: Date,
): Promise<SurveyedBackup[]> {
  const { bases, broken } = await baseRepository(root, cluster).list();
  const whole = bases.map(({ id, stoppedAt, sizeBytes, verifiedAt }) => {
    const before = memory.get(id);
    const verified = Date.parse(verifiedAt ?? '');
    const backup = {
      ...{ stamp: 'base', takenAtMs: Date.parse(stoppedAt), sizeBytes, flaw: before?.flaw ?? '' },
      readAtMs: before?.readAtMs ?? (verified <= now.getTime() ? verified : null),
      seenAtMs: before?.seenAtMs ?? now.getTime(),
    };
    if (!before) memory.set(id, backup);
    return { id, database: null, ...backup };
  });
  const damaged = broken.map(({ id, why }) => ({ id, database: null, ...unread(id, now), flaw: why }));
  return [...whole, ...damaged];
}
