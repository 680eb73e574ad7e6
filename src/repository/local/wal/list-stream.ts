import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseWalName, type WalFile } from '../../../domain/wal/wal-file.js';
import type { Segment } from '../../../domain/wal/wal-segment.js';
import { isFolder, lstatIfThere } from '../../../files/real-file.js';
import { storing } from '../../../files/storage-error.js';
import type { WalLayout } from './wal-layout.js';

/** A file that was streamed, and is not in the archive yet. */
export type StreamedFile = WalFile & {
  file: string;
  /** Full path. */
  path: string;
  sizeBytes: number;
  /** When something was last received into it, in milliseconds since 1970. */
  writtenAtMs: number;
};

/** A segment of which something was streamed, whole or up to now. */
export type StreamedSegment = StreamedFile & { kind: 'segment' | 'partial'; segment: Segment };

/** What the stream has now: whole segments that wait to be published, the one that is being received, histories. */
export async function listStream(layout: WalLayout, segmentSizeBytes: number): Promise<StreamedFile[]> {
  return list(layout.stream, segmentSizeBytes);
}

/** The ends of streams that broke off for good. */
export async function listBrokenOff(layout: WalLayout, segmentSizeBytes: number): Promise<StreamedFile[]> {
  return list(layout.brokenOff, segmentSizeBytes);
}

/** Whether it is (a part of) a segment. */
export function isStreamedSegment(file: StreamedFile): file is StreamedSegment {
  return file.kind === 'segment' || file.kind === 'partial';
}

/** Oldest first, as `pg_receivewal` looks for where to go on: the newest segment, on the newest timeline, whole before partial. */
export function inStreamOrder(a: StreamedSegment, b: StreamedSegment): number {
  return (
    a.segment.number - b.segment.number ||
    a.segment.timeline - b.segment.timeline ||
    Number(a.kind === 'segment') - Number(b.kind === 'segment')
  );
}

async function list(folder: string, segmentSizeBytes: number): Promise<StreamedFile[]> {
  if (!(await isFolder(folder))) return [];
  const names = await storing({ attempted: `list ${folder}`, path: folder }, () => readdir(folder));
  const files: StreamedFile[] = [];
  for (const file of names) {
    const parsed = parseWalName(file, segmentSizeBytes);
    const path = join(folder, file);
    // It may be gone since the folder was read.
    const stats = parsed && (await lstatIfThere(path));
    if (stats?.isFile())
      files.push({
        ...parsed,
        file,
        path,
        sizeBytes: stats.size,
        writtenAtMs: stats.mtimeMs,
      } as StreamedFile);
  }
  return files;
}
