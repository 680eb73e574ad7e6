import {
  CancellationScope,
  defineQuery,
  isCancellation,
  log,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { BackupStep } from '../activities/deps.js';
import type { BackupStatus, FullBackupInput, FullBackupResult } from '../src/domain/backup/contracts.js';
import { statusQuery as statusQueryName } from '../src/domain/contracts.js';
import { alert, noteFailure, recordFailure, type Untimed } from './alerts.js';
import { failureMessage, failureType } from './failures.js';
import { describeBackup } from './full-backup-details.js';
import { hostSteps } from './host-steps.js';
import { outcomeAttribute, startAttributes } from './search-attributes.js';

export const statusQuery = defineQuery<BackupStatus>(statusQueryName);

/** Dumps, verifies and publishes one database, then applies retention. */
export async function fullBackup(input: FullBackupInput): Promise<FullBackupResult> {
  const status: BackupStatus = { step: 'inspect' };
  setHandler(statusQuery, () => status);
  upsertSearchAttributes(startAttributes('full-backup', input.cluster, input.database));
  const enter = (step: BackupStatus['step'], figures: Partial<BackupStatus> = {}) => {
    Object.assign(status, figures, { step });
    setCurrentDetails(describeBackup(input, status));
  };
  try {
    const result = await backUp(input, enter);
    enter('done');
    upsertSearchAttributes([outcomeAttribute('succeeded')]);
    return result;
  } catch (error) {
    const { cluster, database, hostQueue } = input;
    if (input.isOneOfMany) noteFailure(error);
    else await recordFailure(error, { type: 'backup_failed', cluster, database, hostQueue });
    await removePartials(input);
    throw error;
  }
}

/** One of many is told by who began them. */
async function tell({ isOneOfMany }: FullBackupInput, content: Untimed): Promise<boolean> {
  return isOneOfMany ? true : await alert(content);
}

type Enter = (step: BackupStatus['step'], figures?: Partial<BackupStatus>) => void;

const undelivered =
  'the alert endpoint did not take the news of this backup; it is tried again while a worker runs';

/** The steps in order. */
async function backUp(input: FullBackupInput, enter: Enter): Promise<FullBackupResult> {
  const steps = hostSteps(input);
  const step = stepOf(input);

  enter('inspect');
  const inspected = await steps.contact.inspectDatabase({
    ...step,
    ...(input.place && { place: input.place }),
  });

  enter('check space', { backupId: inspected.backupId, databaseSizeBytes: inspected.databaseSizeBytes });
  const space = await steps.quick.checkSpace({ ...step, databaseSizeBytes: inspected.databaseSizeBytes });

  const { published, dumped, globals } = await store(input, { ...inspected, ...space }, enter);

  enter('cleanup');
  const { backup } = published;
  // The backup stands, whatever becomes of these; none needs another.
  const [retention, delivered] = await Promise.all([
    expireOldBackups(input),
    tell(input, {
      type: 'backup_succeeded',
      priority: 'info',
      message: `backed up database "${input.database}" as ${backup.id}`,
      cluster: input.cluster,
      database: input.database,
      metrics: { size_bytes: backup.sizeBytes, duration_seconds: backup.durationSeconds },
    }),
    removePartials(input),
  ]);
  const warnings = [globals.missingBecause, retention.warning, delivered ? null : undelivered];
  return {
    ...published,
    tables: dumped.tables,
    rows: dumped.rows,
    expired: retention.expired,
    expiredCount: retention.expiredCount,
    warnings: warnings.filter((text) => text !== null),
  };
}

/** Times a dump is made when what was stored could not be made durable. */
const storeRounds = 3;

interface Known {
  timestamp: string;
  expectedBytes?: number;
}

/** Dump to publication; all of it anew when the storage failed, since nothing that it holds can then be trusted. */
async function store(input: FullBackupInput, known: Known, enter: Enter, round = 1): Promise<Stored> {
  try {
    return await storeOnce(input, known, enter);
  } catch (error) {
    if (round >= storeRounds || failureType(error) !== 'StorageFailed') throw error;
    log.warn('the storage failed; dumping anew', { round, cause: failureMessage(error) });
    return store(input, known, enter, round + 1);
  }
}

type Stored = Awaited<ReturnType<typeof storeOnce>>;

async function storeOnce(input: FullBackupInput, { timestamp, expectedBytes }: Known, enter: Enter) {
  const { stallTimeoutSeconds, compression, compressionLevel } = input;
  const steps = hostSteps(input);
  const step = stepOf(input);

  const expected = expectedBytes === undefined ? {} : { expectedBytes };
  enter('dump', expected);
  const method = {
    ...(compression && { compression }),
    ...(compressionLevel !== undefined && { compressionLevel }),
  };
  const dumped = await steps.transfer.dumpDatabase({
    ...step,
    ...expected,
    ...method,
    timestamp,
    stallTimeoutSeconds,
  });
  enter('checksum', { sizeBytes: dumped.sizeBytes, tables: dumped.tables, rows: dumped.rows });
  // Reading the file costs the disk and a processor, the globals mostly wait for the server.
  const globals = await bothEnded(
    steps.quick.dumpGlobals({ ...step, dumpAttempt: dumped.attempt }),
    steps.transfer.checksumArtifact({ ...step, dumped }),
  );

  enter('publish');
  const published = await steps.publish.publishBackup({ ...step, timestamp, dumped, globals });
  return { published, dumped, globals };
}

/** What `wanted` gives, once neither goes on: a step that outlives its round would write into the next. */
async function bothEnded<T>(wanted: Promise<T>, other: Promise<unknown>): Promise<T> {
  await Promise.allSettled([wanted, other]);
  await other;
  return wanted;
}

function stepOf({ cluster, database }: FullBackupInput): BackupStep {
  return { cluster, database, startedAt: workflowInfo().startTime.toISOString() };
}

/** Retention: its failure is told, and never makes a published backup a failed one. */
async function expireOldBackups(input: FullBackupInput) {
  const { keepLast } = input;
  const { expireBackups } = hostSteps(input).quick;
  try {
    const done = await expireBackups({ ...stepOf(input), ...(keepLast !== undefined && { keepLast }) });
    return { ...done, warning: null };
  } catch (error) {
    if (isCancellation(error)) throw error;
    return { expired: [], expiredCount: 0, warning: `retention failed: ${failureMessage(error)}` };
  }
}

/** Also of a run that was cancelled. */
async function removePartials(input: FullBackupInput): Promise<void> {
  const { cluster } = input;
  const { cleanUpPartials } = hostSteps(input).quick;
  try {
    await CancellationScope.nonCancellable(() => cleanUpPartials({ cluster }));
  } catch (error) {
    // The backup's own outcome counts; the next run of the same host removes what is left.
    log.warn('partial files could not be removed', { cause: failureMessage(error) });
  }
}
