import { createRedactor, secretsOf } from '../src/redact.js';
import { createAlertActivities } from './alert.js';
import { createArchivingActivities } from './archiving.js';
import { createBaseActivities } from './base-backup.js';
import { createChecksumActivities } from './checksum.js';
import { createCleanupActivities } from './cleanup.js';
import { createClusterBackupActivities } from './cluster-backup.js';
import type { ActivityDeps } from './deps.js';
import { createDrillDatabaseActivities } from './drill/database.js';
import { createDrillPlanActivities } from './drill/plan.js';
import { createDrillRecoveryActivities } from './drill/recovery.js';
import { createDrillReportActivities } from './drill/report.js';
import { createDumpActivities } from './dump.js';
import { atTheEdge } from './edge.js';
import { createHealthActivities } from './health.js';
import { beatWhileAlive } from './heartbeat/alive.js';
import { createInPlaceActivities } from './in-place.js';
import { createInspectActivities } from './inspect.js';
import { createLoadActivities } from './load.js';
import { createProveActivities } from './prove.js';
import { createPublishActivities } from './publish.js';
import { createRecoveryExchangeActivities } from './recovery/exchange.js';
import { createRecoveryPlanActivities } from './recovery/plan.js';
import { createRecoveryProofActivities } from './recovery/proof.js';
import { createRecoveryActivities } from './recovery.js';
import { createLeaseActivities } from './restore/lease.js';
import { createRoleActivities } from './roles.js';
import { createStageActivities } from './stage.js';
import { createSwapActivities } from './swap.js';
import { createWalActivities } from './wal.js';
import { createStreamActivities } from './wal-stream.js';

/** Every activity a worker offers, in the order in which data meets them. */
function collect(deps: ActivityDeps) {
  return {
    ...createInspectActivities(deps),
    ...createClusterBackupActivities(deps),
    ...createDumpActivities(deps),
    ...createChecksumActivities(deps),
    ...createPublishActivities(deps),
    ...createCleanupActivities(deps),
    ...createArchivingActivities(deps),
    ...createWalActivities(deps),
    ...createStreamActivities(deps),
    ...createBaseActivities(deps),
    ...createRecoveryPlanActivities(deps),
    ...createRecoveryActivities(deps),
    ...createRecoveryProofActivities(deps),
    ...createRecoveryExchangeActivities(deps),
    ...createStageActivities(deps),
    ...createLeaseActivities(deps),
    ...createRoleActivities(deps),
    ...createLoadActivities(deps),
    ...createProveActivities(deps),
    ...createInPlaceActivities(deps),
    ...createSwapActivities(deps),
    ...createDrillPlanActivities(deps),
    ...createDrillDatabaseActivities(deps),
    ...createDrillRecoveryActivities(deps),
    ...createDrillReportActivities(deps),
    ...createHealthActivities(deps),
    ...createAlertActivities(deps),
  };
}

/** What workflows know of activities. */
export type Activities = ReturnType<typeof collect>;

/** Steps that beat with their progress, and only with it: one that stalls must time out. */
const beatThemselves = new Set<string>([
  'dumpDatabase',
  'checksumArtifact',
  'verifyArtifact',
  'loadBackup',
  'proveStaging',
  'recheckArtifact',
  'compressArchive',
  'streamWal',
  'takeBaseBackup',
  'extractBaseBackup',
  'recoverCluster',
  'rereadBackups',
] satisfies (keyof Activities)[]);

/** Their workflow tries for ever, and looks meanwhile how they fare: waiting within the step would keep it from that. */
const awaitedByWorkflow = new Set<string>(['streamWal'] satisfies (keyof Activities)[]);

/** The activities of a worker with these settings. */
export function createActivities(deps: ActivityDeps): Activities {
  const redact = createRedactor(secretsOf(deps.config));
  const entries = Object.entries(collect(deps)).map(([name, collected]) => {
    const activity = collected as (...input: unknown[]) => Promise<unknown>;
    const beating = beatThemselves.has(name) ? activity : beatWhileAlive(activity);
    return [name, atTheEdge(beating, redact, !awaitedByWorkflow.has(name))];
  });
  return Object.fromEntries(entries) as Activities;
}
