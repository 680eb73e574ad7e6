import type { z } from 'zod';
import type { BackupMetadata, StoredMetadata } from '../domain/backup/metadata.js';
import { sha256 } from '../sha256.js';
import { backupMetadataSchema, scriptMetadataSchema } from './metadata-schema.js';

/** The text of a full backup's `.meta`. */
export function writeMetadataDocument(metadata: BackupMetadata): string {
  return sealDocument(metadata);
}

/** Reads the text of a full backup's `.meta`, also one of only the nine fields. `why` says what is wrong with it. */
export function readMetadataDocument(text: string): { metadata: StoredMetadata } | { why: string } {
  const document = unsealDocument(text);
  if ('why' in document) return document;
  const schema = document.fields.format_version === 1 ? backupMetadataSchema : scriptMetadataSchema;
  const parsed = schema.safeParse(document.fields);
  return parsed.success
    ? { metadata: parsed.data as StoredMetadata }
    : { why: explainMismatch(parsed.error) };
}

/**
 * The text of a metadata file. Its last field, `metadata_checksum`, is the SHA-256 of all others as compact JSON,
 * so that a flipped bit in an owner or a row count is found as surely as one in the artifact.
 */
export function sealDocument(metadata: object): string {
  const fields = JSON.parse(JSON.stringify(metadata)) as Record<string, unknown>;
  return `${JSON.stringify({ ...fields, metadata_checksum: checksumOf(fields) }, null, 2)}\n`;
}

/** The fields of {@link sealDocument}; `why` says what is wrong with it. One without a checksum is believed. */
export function unsealDocument(text: string): { fields: Record<string, unknown> } | { why: string } {
  const fields = parseObject(text);
  if (typeof fields === 'string') return { why: fields };
  const { metadata_checksum: checksum, ...rest } = fields;
  if (checksum !== undefined && checksum !== checksumOf(rest)) {
    return { why: 'it was changed after it was written: metadata_checksum differs' };
  }
  if (rest.format_version !== undefined && rest.format_version !== 1) {
    return { why: `format_version ${JSON.stringify(rest.format_version)} is unknown to this Holdfast` };
  }
  return { fields: rest };
}

/** A byte order mark is what an editor leaves; JSON itself takes any line ends. */
function parseObject(text: string): Record<string, unknown> | string {
  if (text.trim() === '') return 'it is empty';
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''));
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : 'it is no JSON object';
  } catch (error) {
    return `it is no JSON: ${(error as Error).message}`;
  }
}

function checksumOf(fields: Record<string, unknown>): string {
  return sha256(JSON.stringify(fields));
}

/** What a schema says of fields that don't fit it, in words. */
export function explainMismatch(error: z.ZodError): string {
  const [first] = error.issues;
  const others = error.issues.length - 1;
  const field = first?.path.join('.') ?? '';
  return `field ${field}: ${first?.message ?? 'invalid'}${others > 0 ? ` (and ${others} more)` : ''}`;
}
