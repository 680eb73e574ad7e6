import { basename } from 'node:path';
import * as z from 'zod';
import { artifactSuffix } from '../domain/backup/names.js';

/** Shell scripts quote their numbers as often as not. */
const looseNumber = z.union([
  z.number().nonnegative(),
  z
    .string()
    .regex(/^\d+(\.\d+)?$/)
    .transform(Number),
]);

const count = z.int().nonnegative();
const sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/i, 'is no SHA-256 in hexadecimal')
  .transform((checksum) => checksum.toLowerCase());

/** The nine fields that every `.meta` has; other keys are kept. */
export const coreMetadataSchema = z.looseObject({
  backup_file: z.string(),
  database: z.string().min(1),
  timestamp: z.string(),
  size_bytes: looseNumber.pipe(count),
  size_human: z.string(),
  duration_seconds: looseNumber,
  pg_version: z.string(),
  checksum: sha256,
  compression_level: looseNumber,
});

/** Metadata as shell scripts write it: many name the file by the path that it was written to. */
export const scriptMetadataSchema = coreMetadataSchema.extend({
  backup_file: z.string().transform((path) => basename(path)),
});

const propertiesSchema = z.looseObject({
  owner: z.string(),
  encoding: z.string(),
  collate: z.string(),
  ctype: z.string(),
  locale_provider: z.string(),
  locale: z.string().nullable(),
  icu_rules: z.string().nullable(),
  tablespace: z.string(),
  connection_limit: z.int(),
  is_template: z.boolean(),
  comment: z.string().nullable(),
  settings: z.array(z.object({ role: z.string().nullable(), setting: z.string() })),
  grants: z.array(z.string()).nullable(),
  extensions: z.array(z.object({ name: z.string(), version: z.string(), schema: z.string() })),
});

/** Metadata as Holdfast writes it. */
export const backupMetadataSchema = coreMetadataSchema.extend({
  format_version: z.literal(1),
  cluster: z.string(),
  compression: z.enum(Object.keys(artifactSuffix) as (keyof typeof artifactSuffix)[]),
  started_at: z.iso.datetime(),
  finished_at: z.iso.datetime(),
  verified_at: z.iso.datetime(),
  uncompressed_bytes: count,
  database_size_bytes_before: count,
  database_size_bytes_after: count,
  properties: propertiesSchema,
  tables: z.array(z.object({ schema: z.string(), table: z.string(), rows: count })),
  snapshot_lsn: z.string(),
  tool_versions: z.record(z.string(), z.string()),
  stages: z.array(
    z.object({ name: z.string(), bytes: count, seconds: z.number(), bytes_per_second: z.number() }),
  ),
  globals_file: z.string().nullable(),
  globals_checksum: sha256.nullable().optional(),
  globals_missing_because: z.string().nullable(),
  workflow_id: z.string(),
  workflow_run_id: z.string(),
});
