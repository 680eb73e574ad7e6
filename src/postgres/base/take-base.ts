import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConnectionSettings } from '../../config/config.js';
import type { BaseBackupMetadata, BaseCompression } from '../../domain/wal/base-backup.js';
import { findProgram } from '../../stream/program/find-program.js';
import { endOrphanWalSenders } from '../dump/orphan-sessions.js';
import { type ClientTool, type ClientToolOptions, findReplicationTool } from '../program/client-tools.js';
import type { BaseCopyProgress } from './base-progress.js';
import { compressWal } from './compress-wal.js';
import { type ClusterFacts, inspectCluster, requireReplication } from './inspect-cluster.js';
import { BuildLacksCompression, runBasebackup } from './run-basebackup.js';
import { syncingBehind } from './sync-behind.js';

export interface TakeBaseOptions {
  connection: ConnectionSettings;
  /** Of the cluster, for messages. */
  cluster: string;
  /** A folder that is there and empty: a partial one of the repository. */
  folder: string;
  tools?: ClientToolOptions;
  /** Names the sessions: see `sessionName`. */
  runTag: string;
  /** `fast` makes the server write at once what it would have spread over minutes. @defaultValue `fast` */
  checkpoint?: 'fast' | 'spread';
  signal?: AbortSignal;
  onProgress?: (progress: BaseCopyProgress) => void;
}

/** What is known of a base backup once it is taken; the rest is known when it was read back. */
export type TakenBase = Pick<
  BaseBackupMetadata,
  | 'system_identifier'
  | 'pg_version'
  | 'started_at'
  | 'stopped_at'
  | 'wal_segment_size'
  | 'bootstrap_role'
  | 'compression'
  | 'compressed_by'
  | 'tablespaces'
  | 'duration_seconds'
  | 'tool_versions'
>;

/**
 * Takes a base backup by `pg_basebackup` into a folder: tar files compressed by the server where it can, with the WAL
 * that makes them consistent and a manifest. Nothing of it passes through this process. What an earlier attempt of the
 * same run left at work on the server is ended first.
 * @throws HoldfastError as `inspectCluster`, `requireReplication` and `runBasebackup`
 */
export async function takeBase(options: TakeBaseOptions): Promise<TakenBase> {
  const { connection, cluster, folder, signal = new AbortController().signal } = options;
  const attempted = `take a base backup of cluster ${JSON.stringify(cluster)}`;
  await endOrphanWalSenders(connection, options.runTag);
  const facts = await inspectCluster(connection, { signal });
  requireReplication(attempted, facts);
  const program = await findReplicationTool('pg_basebackup', facts.major, options.tools);
  const [startedAt, clock] = [new Date(), performance.now()];
  const how = await syncingBehind(folder, signal, (stop) =>
    copy({ ...options, signal: stop }, facts, program, attempted),
  );
  await compressWal(folder, how.compression, signal);
  return {
    system_identifier: facts.systemIdentifier,
    pg_version: facts.serverVersion,
    started_at: startedAt.toISOString(),
    stopped_at: new Date().toISOString(),
    wal_segment_size: facts.walSegmentSizeBytes,
    bootstrap_role: facts.bootstrapRole,
    compression: how.compression,
    compressed_by: how.compressedBy,
    tablespaces: facts.tablespaces,
    duration_seconds: Math.round(performance.now() - clock) / 1000,
    tool_versions: { pg_basebackup: program.version },
  };
}

interface Way {
  compression: BaseCompression;
  compressedBy: 'server' | 'client';
  arguments: string[];
}

/** Tries the best way of compressing first; the next where a build lacks it. */
async function copy(options: TakeBaseOptions, facts: ClusterFacts, program: ClientTool, attempted: string) {
  const { connection, folder, runTag, checkpoint = 'fast', signal, onProgress } = options;
  const ways = await waysToCompress(facts, program);
  for (const [at, way] of ways.entries()) {
    try {
      await runBasebackup({
        ...{ program: program.path, connection, folder, runTag, attempted, checkpoint, signal, onProgress },
        compress: way.arguments,
        withSlot: facts.freeSlots > 0,
        expectedBytes: facts.sizeBytes,
        label: `holdfast ${runTag}`,
      });
      return way;
    } catch (error) {
      if (!(error instanceof BuildLacksCompression) || at === ways.length - 1) throw error;
      // The program may have made the first of its files.
      await emptyFolder(folder);
    }
  }
  throw new Error('there is no way to compress');
}

/** zstd only where this machine can read it back, too. Before PostgreSQL 15 servers did not compress. */
async function waysToCompress(facts: ClusterFacts, program: ClientTool): Promise<Way[]> {
  const byClient: Way = { compression: 'gzip', compressedBy: 'client', arguments: ['--gzip'] };
  if (facts.major < 15 || program.major < 15) return [byClient];
  const byServer = (compression: BaseCompression): Way => ({
    compression,
    compressedBy: 'server',
    arguments: [`--compress=server-${compression}`],
  });
  const zstd = facts.hasZstd && (await findProgram('zstd')) !== undefined;
  return [...(zstd ? [byServer('zstd')] : []), byServer('gzip'), byClient];
}

async function emptyFolder(folder: string): Promise<void> {
  for (const name of ['base', 'pg_wal'])
    for (const suffix of ['', '.gz', '.zst']) await rm(join(folder, `${name}.tar${suffix}`), { force: true });
}
