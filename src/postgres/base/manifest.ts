import * as z from 'zod';
import type { LsnText } from '../../domain/wal/base-backup.js';
import { sha256 } from '../../sha256.js';

/** What a `backup_manifest` says of one file. */
export interface ManifestFile {
  sizeBytes: number;
  /** SHA-256, in hexadecimal. */
  checksum: string;
}

/** The write-ahead log that makes the copy consistent. */
export interface WalRange {
  timeline: number;
  startLsn: LsnText;
  endLsn: LsnText;
}

/** A base backup's manifest, as `pg_basebackup` stores it. */
export interface BackupManifest {
  /** By path in the data directory; a tablespace's files begin with `pg_tblspc/{oid}/`. */
  files: Map<string, ManifestFile>;
  walRanges: WalRange[];
  /** From PostgreSQL 17 on. */
  systemIdentifier: string | undefined;
}

const fileSchema = z
  .object({
    Path: z.string().optional(),
    /** In hexadecimal, for a name that is no UTF-8. */
    'Encoded-Path': z.string().optional(),
    Size: z.int().nonnegative(),
    'Checksum-Algorithm': z.literal('SHA256'),
    Checksum: z.string().regex(/^[0-9a-f]{64}$/),
  })
  .refine((file) => file.Path !== undefined, 'has no name in UTF-8');

const manifestSchema = z.object({
  'PostgreSQL-Backup-Manifest-Version': z.union([z.literal(1), z.literal(2)]),
  Files: z.array(fileSchema),
  'WAL-Ranges': z
    .array(z.object({ Timeline: z.int().positive(), 'Start-LSN': z.string(), 'End-LSN': z.string() }))
    .min(1),
});

const checksumLine = /^"Manifest-Checksum": "([0-9a-f]{64})"\}\n?$/;

/**
 * Reads a `backup_manifest` (PostgreSQL manual, "Backup Manifest Format"), and proves it by its own checksum, which is
 * that of all lines but the last.
 * @throws Error that says what is wrong with it
 */
export function readManifest(bytes: Buffer): BackupManifest {
  const lastLine = bytes.lastIndexOf('\n', bytes.length - 2) + 1;
  const told = checksumLine.exec(bytes.toString('utf8', lastLine))?.[1];
  if (told === undefined) throw new Error('it is cut short: its last line is no Manifest-Checksum');
  const found = sha256(bytes.subarray(0, lastLine));
  if (found !== told) throw new Error(`its Manifest-Checksum is ${told}, its lines have ${found}`);
  const text = bytes.toString('utf8');
  const parsed = manifestSchema.safeParse(JSON.parse(text));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Error(`its field ${issue?.path.join('.')}: ${issue?.message}`);
  }
  return {
    files: filesOf(parsed.data.Files),
    walRanges: parsed.data['WAL-Ranges'].map((range) => ({
      timeline: range.Timeline,
      startLsn: range['Start-LSN'],
      endLsn: range['End-LSN'],
    })),
    // Not from the parsed JSON, whose numbers are not that exact.
    systemIdentifier: /^"System-Identifier": (\d+),$/m.exec(text.slice(0, 1000))?.[1],
  };
}

function filesOf(files: z.infer<typeof fileSchema>[]): Map<string, ManifestFile> {
  const byPath = new Map<string, ManifestFile>();
  for (const { Path: path = '', Size: sizeBytes, Checksum: checksum } of files) {
    if (byPath.has(path)) throw new Error(`it names ${JSON.stringify(path)} twice`);
    byPath.set(path, { sizeBytes, checksum });
  }
  return byPath;
}
