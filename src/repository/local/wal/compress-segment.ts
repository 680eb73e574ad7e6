import { randomUUID } from 'node:crypto';
import { readdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { walSuffix } from '../../../domain/wal/wal-file.js';
import { syncFile, syncFolder } from '../../../files/durable.js';
import { hashFile } from '../../../files/hash-file.js';
import { isFolder, lstatIfThere, removeName } from '../../../files/real-file.js';
import { storing } from '../../../files/storage-error.js';
import { linkUnlessThere, ownLike } from './link-archived.js';
import { type CompressionWatch, requireSame, type WalCompressor, writeCompressed } from './wal-compressor.js';
import type { WalLayout } from './wal-layout.js';

/** No name of the archive command's has it. */
const partialMark = '.compress-';

/**
 * Puts a compressed file in the place of a segment. The original goes only when the compressed one is durable, has its
 * name, and reads back equal. Returns the compressed file's name; undefined where the segment was changed or removed
 * meanwhile, which then stays as it is.
 *
 * @throws HoldfastError `VerificationFailed` where what was compressed, or stands there already, is not the segment
 */
export async function compressSegment(
  layout: WalLayout,
  name: string,
  compressor: WalCompressor,
  watch: CompressionWatch,
): Promise<string | undefined> {
  const original = join(layout.wal, name);
  const file = `${name}${walSuffix[compressor.compression]}`;
  const partial = join(layout.partials, `${file}${partialMark}${randomUUID()}`);
  const before = await lstatIfThere(original);
  if (!before?.isFile()) return undefined;
  try {
    await writeCompressed(original, partial, compressor, watch);
    await ownLike(partial, before);
    // In seconds: a Date would round to milliseconds.
    await utimes(partial, before.atimeMs / 1000, before.mtimeMs / 1000);
    await syncFile(partial);
    const { checksum } = await hashFile(original);
    await requireSame(partial, compressor, checksum, watch);
    // A run that died before it removed the original has left the name, which is then held against it, too.
    if (!(await linkUnlessThere(partial, join(layout.wal, file))))
      await requireSame(join(layout.wal, file), compressor, checksum, watch);
    await syncFolder(layout.wal);
  } finally {
    await removeName(partial);
  }
  const after = await lstatIfThere(original);
  if (after?.ino !== before.ino || after.mtimeMs !== before.mtimeMs || after.size !== before.size)
    return undefined;
  await removeName(original);
  await syncFolder(layout.wal);
  return file;
}

/**
 * Removes what compressions left that were killed. Should one be asleep rather than dead, it finds its file gone and
 * publishes nothing.
 */
export async function removeHalfCompressed({ partials }: WalLayout): Promise<void> {
  if (!(await isFolder(partials))) return;
  const names = await storing({ attempted: `list ${partials}`, path: partials }, () => readdir(partials));
  for (const name of names) if (name.includes(partialMark)) await removeName(join(partials, name));
}
