import { cancellationSignal, heartbeat } from '@temporalio/activity';
import { HoldfastError } from '../src/domain/errors.js';
import type { StreamProgress, StreamSight, StreamStart } from '../src/domain/wal/stream-contracts.js';
import { withMaintenanceConnection } from '../src/postgres/connection/connection.js';
import { endOrphanWalSenders } from '../src/postgres/dump/orphan-sessions.js';
import { findReplicationTool } from '../src/postgres/program/client-tools.js';
import { readPosition } from '../src/postgres/streaming/inspect-streaming.js';
import { streamTag } from '../src/postgres/streaming/stream-tag.js';
import { streamWal } from '../src/postgres/streaming/stream-wal.js';
import type { StreamWords } from '../src/postgres/streaming/stream-watch.js';
import { walLayout } from '../src/repository/local/wal/wal-layout.js';
import { type ClusterStep, loggedCluster } from './cluster-step.js';
import { type ActivityDeps, clusterOf, toolOptions } from './deps.js';
import { limitsOf, startOfStream } from './stream-start.js';

/** A step that knows the slot and the server. */
export interface StreamStep extends ClusterStep {
  start: StreamStart;
  stallTimeoutSeconds: number;
}

/** Looks often enough that a stall is told from a slow look. */
const looksPerStall = 4;
const slowestLookMs = 5_000;

/** Steps that stream a cluster's WAL. */
export function createStreamActivities(deps: ActivityDeps) {
  return {
    /** Finds out whether the server can be streamed from, makes the folders and the slot where they are missing. */
    async prepareStream(step: ClusterStep): Promise<StreamStart> {
      return loggedStream(step, 'prepare', async (log) => {
        const cluster = clusterOf(deps, step.cluster);
        await endOrphanWalSenders(cluster.connection, streamTag(cluster));
        const start = await withMaintenanceConnection(cluster.connection, (client) =>
          startOfStream(deps, cluster, client),
        );
        for (const warning of start.warnings) log.warn(warning);
        log.info({ slot: start.slot, lostBecause: start.lostBecause }, `streaming by ${start.slot}`);
        return start;
      });
    },

    /** Streams until it is cancelled; beats while something comes, or nothing is to come. */
    async streamWal({ start, stallTimeoutSeconds, ...step }: StreamStep): Promise<void> {
      await loggedStream(step, 'stream', async (log) => {
        const cluster = clusterOf(deps, step.cluster);
        const program = await findReplicationTool('pg_receivewal', start.serverMajor, toolOptions(deps));
        const beat = streamBeat();
        await streamWal({
          ...{ cluster: cluster.name, connection: cluster.connection, program: program.path },
          ...{ slot: start.slot, systemIdentifier: start.systemIdentifier },
          ...{ segmentSizeBytes: start.segmentSizeBytes, layout: walLayout(cluster.repositoryPath) },
          runTag: streamTag(cluster),
          lookEveryMs: Math.min(slowestLookMs, (stallTimeoutSeconds * 1000) / looksPerStall),
          signal: cancellationSignal(),
          onAlive: beat,
          onStep: (words) => log.info(words),
        });
      });
    },

    /** How far the stream is behind the server. A server that can't be asked is no failure. */
    async lookAtStream({ start, ...step }: Omit<StreamStep, 'stallTimeoutSeconds'>): Promise<StreamSight> {
      const cluster = clusterOf(deps, step.cluster);
      try {
        const { serverLsn, slot } = await withMaintenanceConnection(cluster.connection, (client) =>
          readPosition(client, start.slot),
        );
        const flushedLsn = slot?.walStatus === 'lost' ? null : (slot?.restartLsn ?? null);
        const isActive = slot?.isActive ?? false;
        return { kind: 'seen', serverLsn, flushedLsn, isActive, limits: limitsOf(cluster) };
      } catch (error) {
        if (error instanceof HoldfastError && ['ServerUnreachable', 'ConnectionLost'].includes(error.type))
          return { kind: 'unknown', why: error.story.cause };
        throw error;
      }
    },
  };

  function loggedStream<T>(
    step: ClusterStep,
    name: string,
    act: Parameters<typeof loggedCluster<T>>[4],
  ): Promise<T> {
    return loggedCluster(deps, step, name, { verb: 'stream the WAL of', operation: 'wal-stream' }, act);
  }
}

function streamBeat(): (words: StreamWords) => void {
  const startedAt = performance.now();
  return ({ flushedLsn, lagBytes, receivedBytes, doing }) => {
    const elapsedSeconds = (performance.now() - startedAt) / 1000;
    const bytesPerSecond = Math.round(receivedBytes / Math.max(elapsedSeconds, 0.001));
    const progress: StreamProgress = {
      ...{ storedBytes: receivedBytes, doing: doing.slice(0, 200), bytesPerSecond, elapsedSeconds },
      ...{ flushedLsn, lagBytes },
    };
    heartbeat(progress);
  };
}
