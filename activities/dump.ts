import { cancellationSignal } from '@temporalio/activity';
import type { ClusterConfig } from '../src/config/config.js';
import { type CompressionMethod, totalRows } from '../src/domain/backup/metadata.js';
import { artifactSuffix, partialName } from '../src/domain/backup/names.js';
import { HoldfastError } from '../src/domain/errors.js';
import { isServerAway } from '../src/postgres/connection/server-away.js';
import { startDump } from '../src/postgres/dump/dump.js';
import { endOrphanSessions } from '../src/postgres/dump/orphan-sessions.js';
import { withSnapshot } from '../src/postgres/dump/snapshot.js';
import { type DatabaseFacts, databaseSize, inspectDatabase } from '../src/postgres/inspect/database.js';
import { type ClientTools, findClientTools } from '../src/postgres/program/client-tools.js';
import { showName } from '../src/postgres/quote.js';
import { openRepository } from '../src/repository/open-repository.js';
import type { PartialFile, Repository } from '../src/repository/repository.js';
import { type CompressorChoice, chooseCompressor } from '../src/stream/compression/choose-compressor.js';
import { storeStream } from '../src/stream/store/store-stream.js';
import { type BackupDraft, draftName, takenBack, writeDraft } from './backup/draft.js';
import { draftOf } from './backup/draft-of.js';
import { type DumpedGlobals, type GlobalsStep, storeGlobals } from './backup/store-globals.js';
import { Turns } from './backup/turns.js';
import { type ActivityDeps, type BackupStep, clusterOf, runOf, toolOptions } from './deps.js';
import { beatWhileServerWorks } from './heartbeat/busy.js';
import { beatWithProgress, type ProgressBeat } from './heartbeat/progress.js';
import { logged } from './step-log.js';

export interface DumpStep extends BackupStep {
  timestamp: string;
  stallTimeoutSeconds: number;
  compression?: CompressionMethod;
  compressionLevel?: number;
  /** Size of the last artifact of the database. */
  expectedBytes?: number;
}

/** A dump that is stored under a partial name and was read back. Its details are in the draft beside it. */
export interface DumpedArtifact {
  /** Attempt whose partial files these are. */
  attempt: number;
  sizeBytes: number;
  checksum: string;
  compression: CompressionMethod;
  tables: number;
  rows: number;
}

/** Steps that take the data out of PostgreSQL. */
export function createDumpActivities(deps: ActivityDeps) {
  // Of all clusters together: each dump keeps about a processor busy, and the disk.
  const turns = new Turns(deps.config.parallelPerHost);
  return {
    /** One stream from `pg_dump` through the compressor into a partial file, which is read back while it grows. */
    async dumpDatabase(step: DumpStep): Promise<DumpedArtifact> {
      const { doing } = beatWithProgress(step.expectedBytes);
      const turn = { signal: cancellationSignal(), onWait: () => doing('waiting for its turn') };
      return turns.take(() => logged(deps, step, 'dump', () => dumpKnown(deps, step)), turn);
    },

    /** Roles and tablespaces, without which a restore on a new server fails. Missing privileges don't end a backup. */
    async dumpGlobals(step: GlobalsStep): Promise<DumpedGlobals> {
      return logged(deps, step, 'globals', () => storeGlobals(deps, step));
    },
  };
}

/** The steps before have seen the database: where the server knows none of that name any more, it is gone. */
async function dumpKnown(deps: ActivityDeps, step: DumpStep): Promise<DumpedArtifact> {
  try {
    return await dumpDatabase(deps, step);
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.type !== 'DatabaseUnknown') throw error;
    throw new HoldfastError(
      'DatabaseUnknown',
      {
        attempted: `dump database ${showName(step.database)}`,
        cause: `it was there when the backup began, and was dropped, renamed or closed meanwhile (${error.story.cause})`,
        remedy: 'Its earlier backups are kept. Leave it out of schedules if it is gone for good.',
      },
      { cause: error },
    );
  }
}

async function dumpDatabase(deps: ActivityDeps, step: DumpStep): Promise<DumpedArtifact> {
  const startedAt = new Date();
  const { runId, attempt } = runOf();
  const cluster = clusterOf(deps, step.cluster);
  const beat = beatWithProgress(step.expectedBytes);
  const repository = openRepository(cluster);
  // What an earlier attempt, or an earlier round after a failure of the storage, has left.
  await repository.removePartials(runId, { upToAttempt: attempt });
  // A worker that was killed may have left its pg_dump behind, holding a snapshot.
  if (attempt > 1) await endOrphanSessions(cluster.connection, step.database, runId);
  const before = await inspectDatabase(cluster.connection, step.database);
  const tools = await findClientTools(before.major, toolOptions(deps));
  const compressor = await chooseCompressor(compressionOf(cluster, step));
  const file = await repository.createPartial(partialName(runId, attempt, artifactSuffix[compressor.method]));
  try {
    const work = () => store({ file, cluster, step, tools, compressor, beat });
    const { stored, lsn } = await beatWhileServerWorks(cluster.connection, runId, beat, work);
    const afterBytes = await sizeAfter(cluster, before, step.database);
    const draft = draftOf({ step, startedAt, before, afterBytes, tools, compressor, stored, lsn });
    await addDraft(repository, file, draft);
    const rows = totalRows(stored.readBack.tables);
    const { sizeBytes, checksum } = stored;
    return {
      attempt,
      sizeBytes,
      checksum,
      compression: compressor.method,
      tables: draft.tables.length,
      rows,
    };
  } catch (error) {
    // The run's cleanup does not see what an attempt that was given up leaves after it.
    await file.discard().catch(() => undefined);
    throw error;
  } finally {
    await file.close();
  }
}

/** A server that stops once the dump has ended, or is full, must not cost the dump: the size before it will do. */
async function sizeAfter({ connection }: ClusterConfig, before: DatabaseFacts, database: string) {
  try {
    return await databaseSize(connection, database);
  } catch (error) {
    if (!isServerAway(error)) throw error;
    return before.databaseSizeBytes;
  }
}

/** Writes the draft beside its dump; an attempt whose dump a later one has removed leaves none. */
async function addDraft(repository: Repository, file: PartialFile, draft: BackupDraft): Promise<void> {
  const { runId, attempt } = runOf();
  const name = draftName(runId, attempt);
  await writeDraft(repository, name, draft);
  if (!(await file.isInPlace())) throw await takenBack(repository, name);
}

function compressionOf(
  cluster: ClusterConfig,
  step: DumpStep,
): { method: CompressionMethod; level?: number } {
  const method = step.compression ?? cluster.compression;
  const level =
    step.compressionLevel ?? (method === cluster.compression ? cluster.compressionLevel : undefined);
  return level === undefined ? { method } : { method, level };
}

interface StoreRequest {
  file: PartialFile;
  cluster: ClusterConfig;
  step: DumpStep;
  tools: ClientTools;
  compressor: CompressorChoice;
  beat: ProgressBeat;
}

async function store({ file, cluster, step, tools, compressor, beat }: StoreRequest) {
  const { runId } = runOf();
  const signal = cancellationSignal();
  const { connection } = cluster;
  const { database, stallTimeoutSeconds } = step;
  // A lock that is not granted must be told as one, before the step counts as stalled.
  const lockWaitTimeoutMs = stallTimeoutSeconds * 500;
  return withSnapshot(
    connection,
    database,
    async ({ snapshotId, lsn }) => {
      const common = { tools, connection, database, snapshotId, runTag: runId, lockWaitTimeoutMs };
      const stored = await storeStream({
        startProducer: (stdout, stop) => startDump({ ...common, stdout, signal: stop, onStep: beat.doing }),
        compressor,
        file: file.handle,
        path: file.path,
        expectedBytes: step.expectedBytes,
        signal,
        onProgress: beat.stored,
      });
      await file.sync();
      return { stored, lsn };
    },
    { runTag: runId, signal },
  );
}
