import { readFile } from 'node:fs/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { vi } from 'vitest';
import type { Activities } from '../../activities/index.js';
import { defaultPolicy } from '../../src/domain/approval/policy.js';
import type { FullBackupInput } from '../../src/domain/backup/contracts.js';
import type { BackupSummary } from '../../src/domain/backup/metadata.js';
import type { OperationEnd } from '../../src/domain/operation-end.js';
import type { RecoveryPlan } from '../../src/domain/recovery/contracts.js';
import type { StandingCluster } from '../../src/domain/recovery/evidence.js';
import type { RestoreInput, RestoreStatus } from '../../src/domain/restore/contracts.js';
import { type ArchiveReport, listed } from '../../src/domain/wal/archive-report.js';
import type { BaseBackupSummary } from '../../src/domain/wal/base-backup.js';
import { operationSinks } from '../../src/temporal/operation-sinks.js';
import { workflowBundlePath } from '../../src/temporal/workflow-bundle.js';
import { goodFacts } from '../domain/health/support.js';
import { patience } from '../support/patience.js';

/** A worker that still winds down must not take the next test's work. */
let queues = 0;

const backup: BackupSummary = {
  id: 'shop_full_20260102_020000',
  cluster: 'default',
  database: 'shop',
  takenAt: '2026-01-02T02:00:00.000Z',
  sizeBytes: 1000,
  durationSeconds: 3,
  compression: 'gzip',
  checksum: 'c'.repeat(64),
  verifiedAt: '2026-01-02T02:00:03.000Z',
  pgVersion: '15.1',
  file: 'full/shop_full_20260102_020000.sql.gz',
  databaseSizeBytes: 5000,
  uncompressedBytes: 4000,
};

const staging = { name: 'shop__staging_20260102_030405', oid: 2, statements: 9, rows: 7, warnings: [] };

/** The digest of the scripted evidence. */
export const evidence = 'e'.repeat(64);

/** The activities of a restore that goes well over a database that is there. */
const restoreActivities = {
  resolveBackup: async () => ({
    id: backup.id,
    path: `/data/${backup.file}`,
    checksum: backup.checksum,
    takenAt: backup.takenAt,
    sizeBytes: 1000,
  }),
  verifyArtifact: async () => ({
    ...{ checksum: backup.checksum, sizeBytes: 1000, tables: 2, rows: 7, attempt: 1 },
    fingerprint: '1000-1-1-1',
  }),
  inspectTarget: async () => ({
    ...{ oid: 1, sizeBytes: 5000, stagingName: staging.name, previousName: 'shop__before_20260102_030405' },
    policy: defaultPolicy,
    rolesToCreate: [],
    space: { neededBytes: 5000, freeBytes: 9000, unknownBecause: null },
  }),
  createMissingRoles: async () => [],
  createStagingDatabase: async () => ({ oid: 2, warnings: [] }),
  loadBackup: async () => staging,
  leaseBackup: async () => undefined,
  proveStaging: async () => ({ attempt: 1 }),
  sealStagingDatabase: async () => [],
  gatherEvidence: async () => ({
    ...{ digest: evidence, markdown: '# Evidence', path: '/data/logs/evidence.json' },
    target: { name: 'shop', oid: 1, acceptsConnections: true },
    ...{ tables: 2, rows: 7, sizeBytes: 5000, assertions: 0, warnings: [] },
  }),
  gatherInPlaceEvidence: async () => ({
    ...{ digest: evidence, markdown: '# Evidence', path: '/data/logs/evidence.json' },
    target: { name: 'shop', oid: 1, acceptsConnections: true },
    ...{ tables: 2, rows: 7, sizeBytes: 5000, assertions: 0, warnings: [] },
  }),
  dropTarget: async () => 4,
  settleDrop: async () => 'kept' as const,
  recheckArtifact: async () => undefined,
  swapDatabases: async () => ({ refusedMs: 3, endedSessions: 1, attempts: 1 }),
  settleSwap: async () => 'undone' as const,
  dropStaging: async () => [staging.name],
  dropPrevious: async () => true,
  undoRestore: async () => ({ undoneName: 'shop__undone_20260102_030405', refusedMs: 7 }),
  writeSummary: async () => '/data/logs/summary.json',
} satisfies Partial<Activities>;

/** An archive that is whole. */
export const wholeArchive: ArchiveReport = {
  ...{ segments: 3, sizeBytes: 3 << 24, checked: 1, remembered: 2, unchecked: 0, needsBase: false },
  ...{ oldest: '000000010000000000000001', newest: '000000010000000000000003' },
  newestWrittenAt: '2026-01-02T02:00:00.000Z',
  streamed: null,
  ...{ gaps: listed([]), damaged: listed([]), foreign: listed([]), unknown: listed([]) },
};

export const baseBackup: BaseBackupSummary = {
  ...{
    id: 'base_20260102_020000',
    cluster: 'default',
    systemIdentifier: '7',
    pgVersion: '15.1',
    timeline: 1,
  },
  ...{ startLsn: '0/2000028', stopLsn: '0/2000100', startedAt: '2026-01-02T02:00:00.000Z' },
  ...{ stoppedAt: '2026-01-02T02:01:00.000Z', verifiedAt: '2026-01-02T02:02:00.000Z' },
  ...{ walSegmentSizeBytes: 1 << 24, sizeBytes: 5000, uncompressedBytes: 30_000, durationSeconds: 60 },
  ...{ compression: 'zstd', tablespaces: [] },
};

/** A recovery into a folder of its own. */
export const recoveryPlan: RecoveryPlan = {
  base: {
    ...{ id: baseBackup.id, pgMajor: 15, systemIdentifier: '7', bootstrapRole: 'postgres' },
    walSegmentSizeBytes: 1 << 24,
  },
  window: { from: baseBackup.stoppedAt, to: '2026-01-02T03:00:00.000Z', gaps: [] },
  ...{ workDir: '/srv/pg/then', account: null, tablespaces: [], replaces: null, warnings: [] },
};

/** A stopped cluster in the folder. */
export const standingCluster: StandingCluster = {
  ...{ path: '/srv/pg/then', identity: '1:2', pgVersion: '15', state: 'shut down', systemIdentifier: '7' },
  ...{ checkpointLsn: '0/5000028', checkpointAt: '2026-01-02T04:00:00.000Z', timeline: 1, unreadable: null },
  ...{ unarchivedSegments: 2, walFolder: null, tablespaces: [] },
};

const walActivities = {
  inspectArchiving: async () => ({
    ...{ systemIdentifier: '7', serverMajor: 15, timeline: 1, segmentSizeBytes: 1 << 24 },
    ...{ inRecovery: false, warnings: [] },
  }),
  switchSegment: async () => '000000010000000000000003',
  awaitArchived: async () => 12,
  verifyArchive: async () => wholeArchive,
  compressArchive: async () => ({ segments: 1, bytesBefore: 1 << 24, bytesAfter: 5000 }),
  planBase: async () => null,
  prepareStream: async () => ({
    ...{ slot: 'holdfast_default_here', systemIdentifier: '7', serverMajor: 15, segmentSizeBytes: 1 << 24 },
    ...{ limits: { lagBytes: 1000, lagMs: 60_000 }, warnings: [], lostBecause: null },
  }),
  streamWal: async () => undefined,
  lookAtStream: async () => ({ kind: 'unknown' as const, why: 'nobody looked' }),
  takeBaseBackup: async () => baseBackup,
  expireArchive: async () => ({ bases: [], baseCount: 0, segmentCount: 0, freedBytes: 0, warnings: [] }),
  recordCycle: async () => '/data/incremental/metadata/wal_20260102_020000.json',
  cleanUpBases: async () => undefined,
  resolveRecovery: async () => recoveryPlan,
  extractBaseBackup: async () => undefined,
  recoverCluster: async () => ({
    ...{ stopReason: 'before commit of transaction 7', replayedTo: null, replayedLsn: '0/3000000' },
    ...{ timeline: 2, segments: 1, server: null },
    control: { state: 'in production', systemIdentifier: '7', hasDataChecksums: true },
  }),
  proveRecovered: async () => ({
    ...{ databases: [], databaseCount: 0, assertions: [], assertionCount: 0, amcheck: null },
  }),
  finishRecovered: async () => ({ state: 'shut down', checkpointLsn: '0/3000028', hasSettings: true }),
  gatherRecoveryEvidence: async () => ({
    ...{ digest: evidence, markdown: '# Evidence', path: '/data/logs/evidence.json' },
    standing: standingCluster,
  }),
  exchangeFolders: async () => undefined,
  settleFolders: async () => 'undone' as const,
  releaseBase: async () => undefined,
} satisfies Partial<Activities>;

const healthActivities = {
  gatherHealth: async () => goodFacts,
  tellHealth: async () => 0,
  rereadBackups: async () => ({ backups: 1, bytes: 1000, damaged: 0, changed: 0 }),
  deliverAlerts: async () => ({ delivered: 0, waiting: 0, problems: [] }),
} satisfies Partial<Activities>;

/** A drill of one database that goes well; there is no base backup. */
const drillActivities = {
  clearDrills: async () => ({ removed: [], warnings: [] }),
  planDrill: async () => ({
    drills: [{ database: 'shop', on: 'default', of: 'default-1', createRoles: false }],
    ...{ more: 0, pointInTime: true },
  }),
  inspectScratch: async () => ({
    ...{ stagingName: 'shop__drill_20260102_030405', rolesToCreate: [] },
    space: { neededBytes: 5000, freeBytes: 9000, unknownBecause: null },
  }),
  dropScratch: async () => ['shop__drill_20260102_030405'],
  placeDrill: async () => ({ nothingBecause: 'there is no base backup' }),
  removeDrillFolder: async () => undefined,
  recordDrills: async () => ({ path: '/data/logs/drill.json', recovered: [] }),
} satisfies Partial<Activities>;

/** The activities of a backup that goes well, each call's name noted in `calls`. */
export function scriptedActivities(overrides: Partial<Activities> = {}): {
  activities: Activities;
  calls: string[];
} {
  const calls: string[] = [];
  const plain: Activities = {
    discoverDatabases: async () => ({ databases: ['shop'], more: 0, parallel: 2 }),
    recordBackups: async () => '/data/logs/backups.json',
    inspectDatabase: async () => ({
      timestamp: '20260102_020000',
      backupId: backup.id,
      databaseSizeBytes: 5000,
    }),
    checkSpace: async () => ({}),
    dumpDatabase: async () => ({
      attempt: 1,
      sizeBytes: 1000,
      checksum: backup.checksum,
      compression: 'gzip',
      tables: 2,
      rows: 7,
    }),
    dumpGlobals: async () => ({ partial: '.partial-x.globals.sql.gz', missingBecause: null }),
    checksumArtifact: async () => undefined,
    publishBackup: async () => ({ backup, path: `/data/${backup.file}` }),
    expireBackups: async () => ({ expired: [], expiredCount: 0 }),
    cleanUpPartials: async () => undefined,
    sendAlert: async () => undefined,
    sendAlertTo: async () => undefined,
    ...healthActivities,
    ...walActivities,
    ...restoreActivities,
    ...drillActivities,
  };
  const noting = Object.entries({ ...plain, ...overrides }).map(([name, activity]) => [
    name,
    (...input: unknown[]) => {
      calls.push(name);
      return (activity as (...input: unknown[]) => unknown)(...input);
    },
  ]);
  return { activities: Object.fromEntries(noting) as Activities, calls };
}

/** A failure as it leaves an activity's edge. */
export function failure(type: string, nonRetryable = true): ApplicationFailure {
  return ApplicationFailure.create({ type, nonRetryable, message: `scripted ${type}` });
}

/** What workflows told at their end, in the order in which they ended. */
export const ends: OperationEnd[] = [];

/** A worker on the test's queue with these activities, while `use` runs. */
export async function withWorker<T>(
  environment: TestWorkflowEnvironment,
  activities: Activities,
  use: (queue: string) => Promise<T>,
): Promise<T> {
  queues += 1;
  const queue = `workflow-tests-${process.pid}-${queues}`;
  const worker = await Worker.create({
    connection: environment.nativeConnection,
    taskQueue: queue,
    workflowBundle: { code: await readFile(workflowBundlePath, 'utf8') },
    sinks: operationSinks((end) => void ends.push(end)),
    activities,
  });
  return worker.runUntil(() => use(queue));
}

export const fullBackupInput: Omit<FullBackupInput, 'hostQueue'> = {
  cluster: 'default',
  database: 'shop',
  requester: 'tester@here',
  stallTimeoutSeconds: 60,
};

/** A restore of a database's newest backup. */
export const restoreInput: Omit<RestoreInput, 'hostQueue'> = {
  cluster: 'default',
  target: 'shop',
  backup: { reference: 'latest', database: 'shop', allowUnverified: false },
  requester: 'tester@here',
  reason: 'test',
  stallTimeoutSeconds: 60,
  keepPreviousMinutes: 60,
};

/** Waits until a restore waits for people. */
export async function untilWaiting(handle: WorkflowHandle): Promise<RestoreStatus> {
  let status: RestoreStatus | undefined;
  const isWaiting = async () => {
    status = await handle.query<RestoreStatus>('status');
    return status.approval !== undefined;
  };
  await vi.waitUntil(isWaiting, patience);
  if (!status) throw new Error('there is no status');
  return status;
}
