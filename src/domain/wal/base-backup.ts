import { formatTimestamp, parseTimestamp } from '../backup/names.js';
import { HoldfastError } from '../errors.js';
import { type Lsn, parseLsn } from './wal-position.js';

/**
 * The words of base backups.
 *
 * - base backup: a physical copy of a cluster, from which WAL replays to any later point
 * - start, stop: the positions between which WAL makes the copy consistent; recovery can't end before the stop
 */

/** A position in the write-ahead log as PostgreSQL prints it, and as JSON can hold it: `0/16B3748`. */
export type LsnText = string;

/** How a base backup's tar files are compressed: `.tar.gz` or `.tar.zst`. */
export type BaseCompression = 'gzip' | 'zstd';

/** One stored file of a base backup. */
export interface BaseFile {
  /** In the base backup's folder: `base.tar.zst`, `16389.tar.zst` (a tablespace), `pg_wal.tar.zst`, `backup_manifest`. */
  name: string;
  size_bytes: number;
  /** SHA-256 of the stored bytes, in hexadecimal. */
  checksum: string;
}

/** A tablespace other than the two that every cluster has. */
export interface BaseTablespace {
  oid: number;
  name: string;
  /** Where it lay on the server. */
  path: string;
}

/** `base.meta`, as Holdfast writes it: one flat JSON object, snake case. */
export interface BaseBackupMetadata {
  format_version: 1;
  /** `base_{YYYYMMDD_HHMMSS}`, the same as its folder. */
  id: string;
  cluster: string;
  /** As text: it is larger than what JSON's readers keep of a number. */
  system_identifier: string;
  /** As `server_version` prints it. */
  pg_version: string;
  timeline: number;
  start_lsn: LsnText;
  stop_lsn: LsnText;
  /** ISO 8601, UTC, by the worker's clock: before the first and after the last byte was copied. */
  started_at: string;
  stopped_at: string;
  /** When it had been read back and held against its manifest. */
  verified_at: string;
  wal_segment_size: number;
  /** Name of the role that `initdb` made, which every cluster has. */
  bootstrap_role: string;
  compression: BaseCompression;
  /** Who compressed: the server, or `pg_basebackup`. */
  compressed_by: 'server' | 'client';
  /** All files together. */
  size_bytes: number;
  /** What the manifest's files have together, without the write-ahead log. */
  uncompressed_bytes: number;
  /** How many files the manifest names. */
  cluster_files: number;
  files: BaseFile[];
  tablespaces: BaseTablespace[];
  duration_seconds: number;
  tool_versions: Record<string, string>;
  holdfast_version: string;
  workflow_id: string;
  workflow_run_id: string;
}

/** One base backup of the catalogue. */
export interface BaseBackupSummary {
  id: string;
  cluster: string;
  systemIdentifier: string;
  pgVersion: string;
  timeline: number;
  startLsn: LsnText;
  stopLsn: LsnText;
  /** ISO 8601, UTC. */
  startedAt: string;
  stoppedAt: string;
  verifiedAt: string | null;
  walSegmentSizeBytes: number;
  sizeBytes: number;
  uncompressedBytes: number;
  durationSeconds: number;
  compression: BaseCompression;
  tablespaces: BaseTablespace[];
}

/** `base_{YYYYMMDD_HHMMSS}`: the name by which commands and lists know a base backup, and its folder's. */
export function baseBackupId(takenAt: Date): string {
  return `base_${formatTimestamp(takenAt)}`;
}

/** The moment a base backup's id names; undefined when it is no such id. */
export function parseBaseBackupId(id: string): Date | undefined {
  return id.startsWith('base_') ? parseTimestamp(id.slice('base_'.length)) : undefined;
}

/** What the catalogue shows of a base backup. */
export function summariseBase(metadata: BaseBackupMetadata): BaseBackupSummary {
  return {
    id: metadata.id,
    cluster: metadata.cluster,
    systemIdentifier: metadata.system_identifier,
    pgVersion: metadata.pg_version,
    timeline: metadata.timeline,
    startLsn: metadata.start_lsn,
    stopLsn: metadata.stop_lsn,
    startedAt: metadata.started_at,
    stoppedAt: metadata.stopped_at,
    verifiedAt: metadata.verified_at,
    walSegmentSizeBytes: metadata.wal_segment_size,
    sizeBytes: metadata.size_bytes,
    uncompressedBytes: metadata.uncompressed_bytes,
    durationSeconds: metadata.duration_seconds,
    compression: metadata.compression,
    tablespaces: metadata.tablespaces,
  };
}

/** The position that metadata or a manifest tells. @throws HoldfastError `VerificationFailed` where it is none */
export function positionOf(text: LsnText): Lsn {
  const position = parseLsn(text);
  if (position !== undefined) return position;
  throw new HoldfastError('VerificationFailed', {
    attempted: 'read a position of the write-ahead log',
    cause: `${JSON.stringify(text)} is none`,
    remedy: 'use another base backup, and find out what changed this one',
  });
}
