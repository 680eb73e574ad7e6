import { constants } from 'node:fs';
import { chmod, chown, copyFile, open } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode, storing } from '../../files/storage-error.js';
import { listArchive } from '../../repository/local/wal/list-archive.js';
import { listBrokenOff, listStream, type StreamedFile } from '../../repository/local/wal/list-stream.js';
import type { WalLayout } from '../../repository/local/wal/wal-layout.js';
import type { ServerAccount } from './server-account.js';

export interface PlaceStreamedOptions {
  layout: WalLayout;
  segmentSizeBytes: number;
  /** Into which the base backup was unpacked. */
  dataDir: string;
  account: ServerAccount | undefined;
}

/**
 * Lays what was streamed and is not in the archive into the cluster's `pg_wal`, where recovery looks for what its
 * `restore_command` does not bring. A part of a segment gets the segment's own name: behind its last record there are
 * zeros, at which replay ends. Gives the names.
 */
export async function placeStreamed(options: PlaceStreamedOptions): Promise<string[]> {
  const { layout, segmentSizeBytes, dataDir } = options;
  // The stream first: what is published meanwhile is then in the archive.
  const streamed = [
    ...(await listBrokenOff(layout, segmentSizeBytes)),
    ...(await listStream(layout, segmentSizeBytes)),
  ];
  if (streamed.length === 0) return [];
  const archived = new Set((await listArchive(layout, segmentSizeBytes)).files.map(({ name }) => name));
  const placed: string[] = [];
  for (const file of streamed) {
    const name = file.kind === 'partial' ? file.file.slice(0, 24) : file.file;
    if (archived.has(name)) continue;
    const target = join(dataDir, 'pg_wal', name);
    if (await bringsMore(file, target)) {
      await place(file, target, options.account);
      placed.push(name);
    }
  }
  return placed;
}

/** Of the same segment the base backup may have more, where the stream had stopped before; the same bytes as far as both go. */
async function bringsMore({ path }: StreamedFile, target: string): Promise<boolean> {
  // One that is there and can't be read must not count as empty: the last seconds are in it.
  const ours = await storing({ attempted: `read ${path}`, path }, () => contentBytes(path));
  return ours > 0 && ours > (await contentBytes(target));
}

async function place(
  { path }: StreamedFile,
  target: string,
  account: ServerAccount | undefined,
): Promise<void> {
  await storing({ attempted: `copy ${path} to ${target}`, path: target }, async () => {
    await copyFile(path, target, constants.COPYFILE_FICLONE);
    await chmod(target, 0o600);
    if (account) await chown(target, account.uid, account.gid);
  });
}

const pieceBytes = 1024 * 1024;

/** How many bytes a file has up to its last one that is not zero; 0 for one that is not there. */
async function contentBytes(path: string): Promise<number> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (!handle) return 0;
  try {
    const buffer = Buffer.alloc(pieceBytes);
    let { size: end } = await handle.stat();
    while (end > 0) {
      const begin = Math.max(0, end - pieceBytes);
      const { bytesRead } = await handle.read(buffer, 0, end - begin, begin);
      const last = buffer.subarray(0, bytesRead).findLastIndex((byte) => byte !== 0);
      if (last >= 0) return begin + last + 1;
      end = begin;
    }
    return 0;
  } finally {
    await handle.close();
  }
}
