import type { Flaw } from '../../domain/health/facts.js';
import { metadataSuffix } from '../backup-files.js';
import { layoutOf } from '../local/layout.js';
import { backupIds } from '../local/list.js';
import { Looker } from './looker.js';
import { fileNames } from './stamp.js';
import { surveyBases } from './survey-bases.js';
import { type RememberedBackups, SurveyMemory } from './survey-memory.js';
import type { SurveyedBackup } from './surveyed-backup.js';

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
