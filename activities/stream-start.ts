import { cancellationSignal } from '@temporalio/activity';
import type pg from 'pg';
import type { ClusterConfig } from '../src/config/config.js';
import { HoldfastError } from '../src/domain/errors.js';
import { keepSizeWarning, slotName } from '../src/domain/wal/replication-slot.js';
import type { StreamLimits, StreamStart } from '../src/domain/wal/stream-contracts.js';
import { findReplicationTool } from '../src/postgres/program/client-tools.js';
import { archiveAccount } from '../src/postgres/streaming/archive-account.js';
import { inspectStreaming, readSlots } from '../src/postgres/streaming/inspect-streaming.js';
import { requireStreaming } from '../src/postgres/streaming/require-streaming.js';
import { ensureSlot } from '../src/postgres/streaming/slot.js';
import { baseRepository } from '../src/repository/base/base-repository.js';
import { prepareStream } from '../src/repository/local/wal/prepare-stream.js';
import { breakOff } from '../src/repository/local/wal/publish-streamed.js';
import { requireOwnStream } from '../src/repository/local/wal/require-own-stream.js';
import { walLayout } from '../src/repository/local/wal/wal-layout.js';
import { type ActivityDeps, toolOptions } from './deps.js';
import { requireOneCluster } from './one-cluster.js';

/** Finds out whether a server can be streamed from; makes the folders and the slot where they are missing. */
export async function startOfStream(
  deps: ActivityDeps,
  cluster: ClusterConfig,
  client: pg.Client,
): Promise<StreamStart> {
  const attempted = `stream the WAL of cluster ${JSON.stringify(cluster.name)}`;
  const slot = slotName(cluster.name, cluster.host);
  const layout = walLayout(cluster.repositoryPath);
  const facts = await inspectStreaming(client);
  const { systemIdentifier, serverMajor, segmentSizeBytes } = facts;
  requireStreaming(attempted, facts, slot);
  await findReplicationTool('pg_receivewal', serverMajor, toolOptions(deps));
  const bases = baseRepository(cluster.repositoryPath, cluster.name);
  await prepareStream(layout, deps.config.backupDir, await archiveAccount(client, cluster.connection));
  await bases.prepare();
  await requireOneCluster(cluster.name, bases, systemIdentifier);
  await requireOwnStream(layout, segmentSizeBytes, systemIdentifier, cancellationSignal());
  await requireIdle(client, attempted, slot);
  const made = await ensureSlot(client, slot);
  // What the lost one was waiting for the server has removed: what comes begins where the new one does.
  if (made === 'remade') await breakOff(layout, segmentSizeBytes, cancellationSignal());
  const warning = keepSizeWarning(facts.maxKeptBytes);
  return {
    ...{ slot, systemIdentifier, serverMajor, segmentSizeBytes, limits: limitsOf(cluster) },
    warnings: warning === undefined ? [] : [warning],
    lostBecause:
      made === 'remade'
        ? `replication slot ${slot} was lost: the server has removed WAL that was not streamed yet (max_slot_wal_keep_size)`
        : null,
  };
}

/** From when on a stream of this cluster counts as behind. */
export function limitsOf({ walLagMb, walLagSeconds }: ClusterConfig): StreamLimits {
  return { lagBytes: walLagMb * 1024 * 1024, lagMs: walLagSeconds * 1000 };
}

/** Somebody else's stream is not ours to end: of another repository, or of a tool of another's. */
async function requireIdle(client: pg.Client, attempted: string, name: string): Promise<void> {
  const [slot] = await readSlots(client, name);
  if (!slot?.isActive) return;
  throw new HoldfastError('AlreadyRunning', {
    attempted,
    cause: `somebody else streams by replication slot ${name}`,
    remedy:
      'see pg_replication_slots and pg_stat_activity for who; another repository needs another HOLDFAST_HOST',
  });
}
