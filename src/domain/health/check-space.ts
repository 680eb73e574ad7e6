import { bytes, gb } from '../sizes.js';
import type { DiskFacts, HealthFacts } from './facts.js';
import type { Finding } from './finding.js';
import { nothingToJudge, ofCluster } from './unjudged.js';

const mostPercentUsed = 90;

/** What retention may keep besides, as a backup that is being written. */
const slack = 1.2;

/** Whether the repository's file system has room: now, and for all that retention is going to keep. */
export function checkSpace(facts: HealthFacts): Finding {
  const { minDiskSpaceGb, retentionDays } = facts.settings;
  const { disk } = facts;
  const threshold = `at least ${minDiskSpaceGb} GB free, at most ${mostPercentUsed} % used`;
  const finding = ofCluster('disk_space', facts, threshold);
  if (!disk) return nothingToJudge(finding, 'the free space is not known');
  const usedPercent = 100 * (1 - disk.freeBytes / Math.max(1, disk.totalBytes));
  const metrics = {
    disk_free_gb: Math.round((disk.freeBytes / gb) * 100) / 100,
    disk_usage_percent: Math.round(usedPercent * 10) / 10,
  };
  const message = `${bytes(disk.freeBytes)} free, ${metrics.disk_usage_percent} % used`;
  const told = { ...finding, message, metrics };
  if (disk.freeBytes < minDiskSpaceGb * gb || usedPercent > mostPercentUsed) {
    const remedy = 'make room: a larger disk, or a shorter retention and then `holdfast expire`';
    return { ...told, state: 'critical', remedy };
  }
  const lacking = forecastBytes(disk, retentionDays) - disk.freeBytes;
  if (lacking <= 0) return { ...told, state: 'ok' };
  return {
    ...told,
    state: 'warning',
    message: `${message}; ${retentionDays} days of full backups, ${bytes(disk.dailyBytes)} a day, need ${bytes(lacking)} more than is free`,
    remedy: 'plan for a larger disk or a shorter retention',
  };
}

/** What full backups will take beyond what they take now: a day's size × days of retention × 1.2. */
export function forecastBytes(disk: DiskFacts, retentionDays: number): number {
  return Math.max(0, disk.dailyBytes * retentionDays * slack - expiringBytes(disk));
}

/** What full backups take that go by retention: those kept by hand make no room for those to come. */
export function expiringBytes({ catalogueBytes, keptBytes = 0 }: DiskFacts): number {
  return catalogueBytes - keptBytes;
}
