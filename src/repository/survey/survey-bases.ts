import { baseRepository } from '../base/base-repository.js';
import type { SurveyMemory } from './survey-memory.js';
import { type SurveyedBackup, unread } from './surveyed-backup.js';

/** The base backups of a cluster; their files are looked at when they are read again. */
export async function surveyBases(
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
