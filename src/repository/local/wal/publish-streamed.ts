import { lstat, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { HoldfastError } from '../../../domain/errors.js';
import { type WalCompression, walSuffix } from '../../../domain/wal/wal-file.js';
import { renameIfThere, syncFolder } from '../../../files/durable.js';
import { hashFile } from '../../../files/hash-file.js';
import { removeName, statFile } from '../../../files/real-file.js';
import { storing } from '../../../files/storage-error.js';
import { linkUnlessThere, ownLike } from './link-archived.js';
import { inStreamOrder, isStreamedSegment, listStream, type StreamedFile } from './list-stream.js';
import { whyNotSame } from './wal-compressor.js';
import type { WalLayout } from './wal-layout.js';

/**
 * Publishes what the stream has completed: whole segments and histories get their names in the archive, where the
 * archive command may have put the same bytes before, or may come with them later. The newest segment stays in the
 * stream's folder as well, by which `pg_receivewal` finds where to go on. Names in `published` are passed over.
 * @throws HoldfastError `VerificationFailed` where the archive has other bytes under a name: then the streamed file lies
 *   aside, so that the stream can go on
 */
export async function publishStreamed(
  layout: WalLayout,
  segmentSizeBytes: number,
  published: Set<string>,
  signal: AbortSignal,
): Promise<number> {
  const files = await listStream(layout, segmentSizeBytes);
  const newest = files.filter(isStreamedSegment).sort(inStreamOrder).at(-1);
  const whole = files.filter((file) => file.kind === 'history' || isWhole(file, segmentSizeBytes));
  const fresh = whole.filter(({ file }) => !published.has(file));
  for (const file of fresh) await publishUnlessGone(layout, file, signal);
  if (fresh.length > 0) await syncFolder(layout.wal);
  for (const { file } of fresh) published.add(file);
  for (const file of files.filter(isStreamedSegment)) {
    if (file === newest) continue;
    if (file.kind === 'partial') await putAside(layout, file);
    else if (published.has(file.file)) await removeName(file.path);
  }
  return fresh.length;
}

/**
 * Empties the stream's folder, so that it begins anew from where the slot does. What it had completed is published first:
 * a worker that died had no time to, and the server does not have it any more. The rest is put aside.
 * @throws as {@link publishStreamed}
 */
export async function breakOff(
  layout: WalLayout,
  segmentSizeBytes: number,
  signal: AbortSignal,
): Promise<void> {
  const published = new Set<string>();
  await publishStreamed(layout, segmentSizeBytes, published, signal);
  for (const file of await listStream(layout, segmentSizeBytes)) {
    if (published.has(file.file)) await removeName(file.path);
    else await putAside(layout, file);
  }
}

function isWhole(file: StreamedFile, segmentSizeBytes: number): boolean {
  return file.kind === 'segment' && file.sizeBytes === segmentSizeBytes;
}

/** Two may publish at the same time: an attempt that was taken for dead, or a recovery beside the stream. */
async function publishUnlessGone(layout: WalLayout, file: StreamedFile, signal: AbortSignal): Promise<void> {
  try {
    await publish(layout, file, signal);
  } catch (error) {
    if (error instanceof HoldfastError && error.type === 'VerificationFailed') throw error;
    if (await statFile(file.path)) throw error;
  }
}

async function publish(
  layout: WalLayout,
  { path, file }: Pick<StreamedFile, 'path' | 'file'>,
  signal: AbortSignal,
): Promise<void> {
  const there = await findArchived(layout, file);
  if (there === undefined) {
    const owner = await storing({ attempted: `look at ${layout.wal}`, path: layout.wal }, () =>
      lstat(layout.wal),
    );
    await storing({ attempted: `give ${path} to its archive's owner`, path }, () => ownLike(path, owner));
    if (await linkUnlessThere(path, join(layout.wal, file))) return;
    return publish(layout, { path, file }, signal);
  }
  const { checksum } = await hashFile(path);
  const why = await whyNotSame(there.path, there.compression, checksum, { signal });
  if (why === undefined) return;
  const aside = join(layout.brokenOff, file);
  await storing({ attempted: `move ${path} to ${aside}`, path: layout.brokenOff }, () => rename(path, aside));
  throw new HoldfastError('VerificationFailed', {
    attempted: `publish streamed ${file}`,
    cause: `${why} as was streamed, which now lies in ${aside}`,
    remedy:
      'find out which is right, as by pg_waldump: another server may archive there, or a copy was cut short',
  });
}

/** The archive's file of that name, compressed or not. */
async function findArchived(
  { wal }: WalLayout,
  name: string,
): Promise<{ path: string; compression: WalCompression | null } | undefined> {
  for (const compression of [null, 'gzip', 'zstd'] as const) {
    const path = join(wal, compression === null ? name : `${name}${walSuffix[compression]}`);
    if (await statFile(path)) return { path, compression };
  }
  return undefined;
}

/** The end of a timeline that was left, or of a stream that broke off: as far as it goes, nothing else may have it. */
async function putAside({ brokenOff }: WalLayout, { path, file }: StreamedFile): Promise<void> {
  if (await renameIfThere(path, join(brokenOff, file))) await syncFolder(brokenOff);
}
