import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { test } from 'vitest';
import type { Activities } from '../../activities/index.js';
import { defaultPolicy } from '../../src/domain/approval/policy.js';
import { createTimeSkippingEnvironment } from '../support/time-skipping.js';
import {
  evidence,
  failure,
  fullBackupInput,
  recoveryPlan,
  restoreInput,
  scriptedActivities,
  untilWaiting,
  withWorker,
} from '../workflows/support.js';
import { writeHistory } from './histories.js';

// Run with RECORD_HISTORIES=1 after a change of a workflow that is not to be replayed by old runs. Recorded
// histories stay: they are what runs of earlier versions look like.
const recording = test.runIf(process.env.RECORD_HISTORIES === '1');

/** Each in an environment of its own: time that is skipped for one must not wait for what another has left. */
async function record(
  name: string,
  type: string,
  overrides: Partial<Activities>,
  input: object | ((queue: string) => object) = {},
  act: (handle: WorkflowHandle) => Promise<unknown> = () => Promise.resolve(),
) {
  const environment = await createTimeSkippingEnvironment();
  const { activities } = scriptedActivities(overrides);
  await withWorker(environment, activities, async (queue) => {
    const handle = await environment.client.workflow.start(type, {
      workflowId: randomUUID(),
      taskQueue: queue,
      args: [
        { ...fullBackupInput, hostQueue: queue, ...(typeof input === 'function' ? input(queue) : input) },
      ],
    });
    await act(handle);
    await handle.result().catch(() => undefined);
    await writeHistory(name, await handle.fetchHistory());
  }).finally(() => environment.teardown());
}

recording('records a backup that goes well', () => record('full-backup-succeeded', 'fullBackup', {}));

recording('records a backup whose dump fails', () =>
  record('full-backup-failed', 'fullBackup', { dumpDatabase: () => Promise.reject(failure('DumpFailed')) }),
);

recording('records a backup that is dumped anew and whose alert is not delivered', () => {
  const rounds: number[] = [];
  const good = scriptedActivities().activities.publishBackup;
  return record('full-backup-dumped-anew', 'fullBackup', {
    publishBackup: (step) => (rounds.push(1) === 1 ? Promise.reject(failure('StorageFailed')) : good(step)),
    sendAlert: () => Promise.reject(failure('AlertNotDelivered')),
  });
});

recording('records a cluster of which one database fails', () => {
  const good = scriptedActivities().activities.inspectDatabase;
  return record(
    'back-up-cluster',
    'backUpCluster',
    {
      discoverDatabases: async () => ({ databases: ['a', 'b', 'c'], more: 0, parallel: 2 }),
      inspectDatabase: (step) =>
        step.database === 'b' ? Promise.reject(failure('ClientTooOld')) : good(step),
    },
    { cluster: randomUUID(), parallel: 2 },
  );
});

const placedDrill = {
  placeDrill: async () => ({
    ...{ folder: '/data/drill_x', dataDir: '/data/drill_x/data', tablespaces: [] },
    backup: {
      ...{ id: 'base_20260102_020000', takenAt: '2026-01-02T02:01:00.000Z', ageSeconds: 9 },
      ...{ sizeBytes: 1000, uncompressedBytes: 9000 },
    },
  }),
};

recording('records a drill of a database and a point in time', () =>
  record('drill-proven', 'drillCluster', placedDrill),
);

recording('records a drill of which one database fails and goes on as a new run', () =>
  record(
    'drill-failed',
    'drillCluster',
    {
      planDrill: async ({ after }) => ({
        drills: [{ database: after ? 'b' : 'a', on: 'default', of: 'default-1', createRoles: false }],
        ...{ more: after ? 0 : 1, pointInTime: false },
      }),
      loadBackup: () => Promise.reject(failure('LoadFailed')),
    },
    { databasesPerRun: 1 },
  ),
);

recording('records a WAL cycle that takes a base backup', () =>
  record('wal-cycle-based', 'walCycle', {
    planBase: async () => ({ id: 'base_20260102_020000', because: 'there is none' }),
  }),
);

recording('records a WAL cycle whose segment does not come', () =>
  record('wal-cycle-behind', 'walCycle', { awaitArchived: () => Promise.reject(failure('ArchivingBehind')) }),
);

recording('records a stream that cannot begin', () =>
  record('wal-stream-refused', 'walStream', { streamWal: () => Promise.reject(failure('StreamFailed')) }),
);

recording('records a look at backups of which a re-reading finds one damaged', () =>
  record('monitor-damaged', 'monitorBackups', {
    rereadBackups: async () => ({ backups: 1, bytes: 1000, damaged: 1, changed: 1 }),
  }),
);

const recoveryInput = {
  ...{ target: { kind: 'immediate' }, action: 'promote', timeline: 'latest' },
  ...{ dataDir: '/srv/pg/then', reason: 'dropped' },
};

recording('records a recovery', () => record('recovery-promoted', 'pointInTimeRecovery', {}, recoveryInput));

recording('records a recovery that ends too early', () =>
  record(
    'recovery-not-reached',
    'pointInTimeRecovery',
    { recoverCluster: () => Promise.reject(failure('RecoveryTargetNotReached')) },
    recoveryInput,
  ),
);

const decide = (how: 'approve' | 'reject') => async (handle: WorkflowHandle) => {
  await untilWaiting(handle);
  const decision = { approver: 'ann@here', reason: 'seen', evidence };
  await handle.executeUpdate(how, { args: [decision] });
};

const overACluster = {
  resolveRecovery: async () => ({
    ...{ ...recoveryPlan, workDir: '/srv/pg/then.recovering_20260102_040000' },
    replaces: { previous: '/srv/pg/then__before_20260102_040000', policy: defaultPolicy },
  }),
};

recording('records a recovery over a cluster that is approved', () =>
  record('recovery-approved', 'pointInTimeRecovery', overACluster, recoveryInput, decide('approve')),
);

recording('records a restore that is approved', () =>
  record('restore-approved', 'restoreDatabase', {}, restoreInput, decide('approve')),
);

recording('records a restore that is rejected', () =>
  record('restore-rejected', 'restoreDatabase', {}, restoreInput, decide('reject')),
);

recording('records a restore that nobody decides on', () =>
  record('restore-expired', 'restoreDatabase', {}, restoreInput),
);

recording('records a restore in place', () =>
  record('restore-in-place', 'restoreDatabase', {}, { ...restoreInput, inPlace: true }, decide('approve')),
);

recording('records a restore whose load fails', () =>
  record(
    'restore-load-failed',
    'restoreDatabase',
    { loadBackup: () => Promise.reject(failure('LoadFailed')) },
    restoreInput,
  ),
);

const kept = {
  ...{ cluster: 'default', target: 'shop', restoredOid: 2, keepMinutes: 24 * 60 },
  previous: { name: 'shop__before_20260102_030405', oid: 1 },
  backupId: 'shop_full_20260102_020000',
};

recording('records a previous database that is dropped in time', () =>
  record('keep-previous-expired', 'keepPrevious', {}, kept),
);

recording('records an undo', () =>
  record('keep-previous-undone', 'keepPrevious', {}, kept, (handle) =>
    handle.executeUpdate('undo', { args: [{ requester: 'ann@here', reason: 'wrong backup' }] }),
  ),
);

const scheduled = (kind: string, type: string) => (hostQueue: string) => ({
  ...{ schedule: `holdfast/default/${kind}`, kind, cluster: 'default' },
  due: { cron: '0 2 * * *', timeZone: 'UTC' },
  operation: {
    ...{ type, workflowId: randomUUID(), summary: 'work' },
    input: { ...fullBackupInput, hostQueue, parallel: 2 },
  },
});

recording('records a run of a schedule', () =>
  record('scheduled-run-succeeded', 'scheduledRun', {}, scheduled('monitor', 'monitorBackups')),
);

recording('records a run of a schedule whose work fails as a whole', () =>
  record(
    'scheduled-run-failed',
    'scheduledRun',
    { discoverDatabases: () => Promise.reject(failure('AuthenticationFailed')) },
    scheduled('full', 'backUpCluster'),
  ),
);
