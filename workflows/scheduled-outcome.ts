import type { ApplicationFailure } from '@temporalio/workflow';
import type { BackUpClusterResult } from '../src/domain/backup/cluster-contracts.js';
import type { FullBackupResult } from '../src/domain/backup/contracts.js';
import { counted } from '../src/domain/counts.js';
import type { DrillResult } from '../src/domain/drill/contracts.js';
import type { MonitorResult } from '../src/domain/health/contracts.js';
import type { ScheduledRunResult, ScheduleKind } from '../src/domain/schedule/contracts.js';
import { type ArchiveReport, isWhole } from '../src/domain/wal/archive-report.js';
import { failureOf } from './failures.js';

type Outcome = Pick<ScheduledRunResult, 'outcome' | 'told'> & {
  /** What the run is to fail with, though the work came to its end. */
  failure?: ApplicationFailure;
};

/** What the work's result says of how it went. */
export function readOutcome(kind: ScheduleKind, result: unknown): Outcome {
  if (kind === 'full') return ofBackup(result as BackUpClusterResult | FullBackupResult);
  if (kind === 'wal') return ofArchive((result as { archive: ArchiveReport }).archive);
  if (kind === 'monitor') return ofLook(result as MonitorResult);
  return ofDrill(result as DrillResult);
}

/** A run whose backups failed has failed; databases that are being backed up by somebody else are left to them. */
function ofBackup(result: BackUpClusterResult | FullBackupResult): Outcome {
  if ('backup' in result) return { outcome: 'succeeded', told: `backed up as ${result.backup.id}` };
  const { total, entries } = result;
  const running = entries.filter(({ error }) => error?.type === 'AlreadyRunning').length;
  const failed = result.failed - running;
  const left = running > 0 ? `, ${running} left to others that back them up already` : '';
  const told = `${total - result.failed} of ${counted(total, 'database')} backed up${left}`;
  if (failed === 0) return { outcome: 'succeeded', told };
  const first = entries.find(({ error }) => error && error.type !== 'AlreadyRunning');
  const failure = failureOf('DumpFailed', {
    attempted: 'back up every database by schedule',
    cause: `${counted(failed, 'database')} failed, as ${first?.database ?? ''}: ${first?.error?.message ?? ''}`,
    remedy: 'see the alert and the report of the backup',
  });
  return { outcome: 'failed', told, failure };
}

function ofArchive(archive: ArchiveReport): Outcome {
  const whole = isWhole(archive);
  const told = `the archive is ${whole ? '' : 'not '}whole: ${counted(archive.segments, 'segment')}`;
  return { outcome: whole ? 'succeeded' : 'failed', told };
}

function ofLook({ counts }: MonitorResult): Outcome {
  const told = `${counts.critical} critical, ${counts.warning} warning, ${counts.ok} ok`;
  return { outcome: counts.critical === 0 ? 'succeeded' : 'failed', told };
}

function ofDrill({ totals: { drilled, failed } }: DrillResult): Outcome {
  const told = `${drilled - failed} of ${counted(drilled, 'restore')} proven`;
  return { outcome: failed === 0 ? 'succeeded' : 'failed', told };
}
