import * as z from 'zod';
import type { BaseBackupMetadata } from '../../domain/wal/base-backup.js';
import { parseLsn } from '../../domain/wal/wal-position.js';
import { explainMismatch, sealDocument, unsealDocument } from '../metadata-document.js';

const count = z.int().nonnegative();
const lsn = z
  .string()
  .refine((text) => parseLsn(text) !== undefined, 'is no position of the write-ahead log');
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'is no SHA-256 in hexadecimal');

const baseMetadataSchema = z.looseObject({
  format_version: z.literal(1),
  id: z.string(),
  cluster: z.string(),
  system_identifier: z.string().regex(/^\d+$/),
  pg_version: z.string(),
  timeline: z.int().positive(),
  start_lsn: lsn,
  stop_lsn: lsn,
  started_at: z.iso.datetime(),
  stopped_at: z.iso.datetime(),
  verified_at: z.iso.datetime(),
  wal_segment_size: z.int().positive(),
  bootstrap_role: z.string().min(1),
  compression: z.enum(['gzip', 'zstd']),
  compressed_by: z.enum(['server', 'client']),
  size_bytes: count,
  uncompressed_bytes: count,
  cluster_files: count,
  files: z.array(z.object({ name: z.string().regex(/^[\w.]+$/), size_bytes: count, checksum: sha256 })),
  tablespaces: z.array(z.object({ oid: z.int(), name: z.string(), path: z.string() })),
  duration_seconds: z.number().nonnegative(),
  tool_versions: z.record(z.string(), z.string()),
  holdfast_version: z.string(),
  workflow_id: z.string(),
  workflow_run_id: z.string(),
});

/** The text of `base.meta`. */
export function writeBaseDocument(metadata: BaseBackupMetadata): string {
  return sealDocument(metadata);
}

/** Reads the text of `base.meta`. `why` says what is wrong with it. */
export function readBaseDocument(text: string): { metadata: BaseBackupMetadata } | { why: string } {
  const document = unsealDocument(text);
  if ('why' in document) return document;
  const parsed = baseMetadataSchema.safeParse(document.fields);
  return parsed.success ? { metadata: parsed.data } : { why: explainMismatch(parsed.error) };
}
