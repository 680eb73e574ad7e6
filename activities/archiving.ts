import { cancellationSignal } from '@temporalio/activity';
import type { ClusterConfig } from '../src/config/config.js';
import { archiveCommand } from '../src/domain/wal/archive-command.js';
import type { ArchiverFacts } from '../src/domain/wal/archiving.js';
import type { ArchivingState } from '../src/domain/wal/contracts.js';
import { slotName } from '../src/domain/wal/replication-slot.js';
import { isFolder } from '../src/files/real-file.js';
import type { Logger } from '../src/log.js';
import { inspectArchiving } from '../src/postgres/archiving/inspect-archiving.js';
import {
  isArchiverStuck,
  notArchived,
  requireArchiving,
} from '../src/postgres/archiving/require-archiving.js';
import { switchSegment } from '../src/postgres/archiving/switch-segment.js';
import { withMaintenanceConnection } from '../src/postgres/connection/connection.js';
import { readSlots } from '../src/postgres/streaming/inspect-streaming.js';
import { awaitArchived } from '../src/repository/local/wal/await-archived.js';
import { lastTold } from '../src/repository/local/wal/last-told.js';
import { type ClusterPlaces, type ClusterStep, loggedCycle, placesOf } from './cluster-step.js';
import type { ActivityDeps } from './deps.js';
import { requireOneCluster } from './one-cluster.js';

/** How long an archiver that works may take for one segment. */
const archivedWithinMs = 5 * 60 * 1000;

/** Steps that have a server bring its WAL into the archive. */
export function createArchivingActivities(deps: ActivityDeps) {
  return {
    /** Finds out whether the server archives here at all, and that the archive is its own. */
    async inspectArchiving(step: ClusterStep): Promise<ArchivingState> {
      return loggedCycle(deps, step, 'inspect', (log) => inspect(placesOf(deps, step.cluster), log));
    },

    /** Has the server complete its current segment, where there is anything in it. */
    async switchSegment(step: ClusterStep): Promise<string> {
      return loggedCycle(deps, step, 'switch', async () =>
        withMaintenanceConnection(placesOf(deps, step.cluster).cluster.connection, switchSegment),
      );
    },

    /** Waits for the segment to be in the archive; gives how long, in milliseconds. */
    async awaitArchived({ segment, ...step }: ClusterStep & { segment: string }): Promise<number> {
      return loggedCycle(deps, step, 'await archived', () =>
        awaitInArchive(placesOf(deps, step.cluster), segment),
      );
    },
  };
}

async function inspect({ cluster, layout, bases }: ClusterPlaces, log: Logger): Promise<ArchivingState> {
  const { name, host, connection, alertReminderHours: reminderHours } = cluster;
  const { facts, slot } = await withMaintenanceConnection(connection, async (client) => ({
    facts: await inspectArchiving(client),
    slot: (await readSlots(client, slotName(name, host)))[0],
  }));
  const warnings = requireArchiving(name, facts, archiveCommand(layout.incremental), slot);
  await bases.prepare();
  const { systemIdentifier, timeline, segmentSizeBytes, inRecovery } = facts;
  await requireOneCluster(name, bases, systemIdentifier);
  log.info({ systemIdentifier, timeline, archiver: facts.archiver }, 'the server archives');
  const serverMajor = Math.floor(facts.serverVersionNum / 10_000);
  const told = await lastTold(layout.metadata);
  const server = { systemIdentifier, serverMajor, timeline, segmentSizeBytes, inRecovery };
  return { ...server, told, reminderHours, warnings };
}

async function awaitInArchive({ cluster, layout }: ClusterPlaces, segment: string): Promise<number> {
  const look = () => withMaintenanceConnection(cluster.connection, inspectArchiving);
  const since = performance.now();
  // A server that is away meanwhile has archived what it has.
  const before = await look().catch(() => undefined);
  const isThere = await awaitArchived(layout, segment, {
    ...{ timeoutMs: archivedWithinMs, signal: cancellationSignal() },
    segmentSizeBytes: before?.segmentSizeBytes,
    isInVain: async () => (before ? isArchivingInVain(cluster, before.archiver) : false),
  });
  const waitedMs = Math.round(performance.now() - since);
  if (isThere) return waitedMs;
  const hasFolder = await isFolder(layout.wal);
  throw notArchived(segment, layout.wal, { archiver: (await look()).archiver, waitedMs, hasFolder });
}

/** Whether the archiver fails and no stream is there to bring what it does not. */
async function isArchivingInVain(
  { name, host, connection }: ClusterConfig,
  before: ArchiverFacts,
): Promise<boolean> {
  try {
    return await withMaintenanceConnection(connection, async (client) => {
      const { archiver } = await inspectArchiving(client);
      if (!isArchiverStuck(before, archiver)) return false;
      const [slot] = await readSlots(client, slotName(name, host));
      return !slot?.isActive;
    });
  } catch {
    return false;
  }
}
