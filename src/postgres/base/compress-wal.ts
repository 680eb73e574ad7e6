import { createWriteStream } from 'node:fs';
import { open, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { BaseCompression } from '../../domain/wal/base-backup.js';
import { openFile } from '../../files/real-file.js';
import { storing } from '../../files/storage-error.js';
import { chooseCompressor } from '../../stream/compression/choose-compressor.js';
import { type CompressorChoice, compressorProgram } from '../../stream/compression/compressor.js';
import { throughFilter } from '../../stream/program/through-filter.js';

const plainName = 'pg_wal.tar';

/**
 * Compresses the WAL of a base backup that the server compressed: that goes over a connection of its own, as it is.
 * Nothing to do where `pg_basebackup` compressed it. Proven with the rest, when the base backup is read back.
 */
export async function compressWal(
  folder: string,
  method: BaseCompression,
  signal: AbortSignal,
): Promise<void> {
  const path = join(folder, plainName);
  const there = await stat(path).catch(() => undefined);
  if (!there) return;
  const target = `${path}${method === 'zstd' ? '.zst' : '.gz'}`;
  const context = { attempted: `compress ${path}`, path: target, neededBytes: there.size };
  await storing(context, async () => {
    const compressor = await chooseCompressor({ method });
    const plain: AsyncIterable<Buffer> = (await openFile(path)).createReadStream();
    await pipeline(
      compressed(plain, compressor, signal),
      createWriteStream(target, { flags: 'wx', mode: 0o600 }),
      { signal },
    );
    const handle = await open(target, 'r+');
    await handle.sync().finally(() => handle.close());
    await unlink(path);
  });
}

async function* compressed(
  source: AsyncIterable<Buffer>,
  choice: CompressorChoice,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  if (yield* throughFilter(compressorProgram(choice), source, signal)) return;
  throw new Error(`${choice.program} ended before it had everything`);
}
