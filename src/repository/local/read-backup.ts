import type { Stats } from 'node:fs';
import { join } from 'node:path';
import type { StoredMetadata } from '../../domain/backup/metadata.js';
import { parseArtifactName } from '../../domain/backup/names.js';
import { type ErrorType, HoldfastError } from '../../domain/errors.js';
import { readText, statFile } from '../../files/real-file.js';
import { globalsSuffix } from '../backup-files.js';
import { nameFlaw, summarise } from '../catalogue-entry.js';
import { readMetadataDocument } from '../metadata-document.js';
import type { FoundBackup } from '../repository.js';
import { type Layout, metadataPath } from './layout.js';

/** A backup, or why what stands there is none. */
export type ReadBackup = { backup: FoundBackup } | Flaw;

interface Flaw {
  type: ErrorType;
  why: string;
}

/** Reads the metadata of `id` and holds it against the files beside it. Undefined when there is no metadata. */
export async function readBackup(layout: Layout, id: string): Promise<ReadBackup | undefined> {
  const path = metadataPath(layout, id);
  try {
    if (!(await statFile(path))) return undefined;
    const metadata = readMetadataDocument(await readText(path));
    const read = 'why' in metadata ? damaged(metadata.why) : await compare(layout, id, metadata.metadata);
    // A removal unlists first: what vanished while we looked was never broken.
    return 'backup' in read || (await statFile(path)) ? read : undefined;
  } catch (error) {
    if (error instanceof HoldfastError) return { type: error.type, why: error.story.cause };
    throw error;
  }
}

async function compare(layout: Layout, id: string, metadata: StoredMetadata): Promise<ReadBackup> {
  const name = parseArtifactName(metadata.backup_file);
  const flaw = nameFlaw(id, metadata, name);
  if (flaw !== undefined || !name) return damaged(flaw ?? 'backup_file names no artifact');
  const path = join(layout.full, metadata.backup_file);
  const artifact = await statFile(path);
  if (!artifact) return damaged(`artifact ${metadata.backup_file} is missing`);
  if (artifact.size !== metadata.size_bytes) return damaged(sizeFlaw(artifact, metadata));
  const globalsPath = await globalsPathOf(layout, id, metadata);
  if (globalsPath === undefined) return damaged(`globals ${id}${globalsSuffix} are missing`);
  const file = join(layout.shownFull, metadata.backup_file);
  const summary = summarise(metadata, name, { cluster: layout.cluster, file, lastWritten: artifact.mtime });
  return {
    backup: { id, summary, metadata, path, metadataPath: metadataPath(layout, id), globalsPath },
  };
}

function sizeFlaw(artifact: Stats, metadata: StoredMetadata): string {
  return `artifact ${metadata.backup_file} has ${artifact.size} bytes, its metadata says ${metadata.size_bytes}`;
}

/** Scripts name no globals in their metadata, but may have left some beside it. Undefined: missing. */
async function globalsPathOf(layout: Layout, id: string, metadata: StoredMetadata) {
  if (metadata.format_version === 1 && metadata.globals_file === null) return null;
  const path = join(layout.full, `${id}${globalsSuffix}`);
  if (await statFile(path)) return path;
  return metadata.format_version === 1 ? undefined : null;
}

function damaged(why: string): Flaw {
  return { type: 'VerificationFailed', why };
}
