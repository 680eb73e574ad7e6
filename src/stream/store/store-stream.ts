import type { FileHandle } from 'node:fs/promises';
import type { Stage } from '../../domain/backup/metadata.js';
import { HoldfastError } from '../../domain/errors.js';
import { type StartProducer, startCompressFlow } from '../compression/compress-flow.js';
import { type CompressorChoice, ownDecompressor } from '../compression/compressor.js';
import { Handover } from './handover.js';
import { type ReadBack, readBack } from './read-back.js';
import { type Timed, timed } from './timed.js';
import { type WrittenStream, writeStream } from './write-stream.js';

export interface StoreRequest {
  startProducer: StartProducer;
  compressor: CompressorChoice;
  /** Open for writing, and empty. It is neither fsynced nor closed here. */
  file: FileHandle;
  /** Where `file` is, for errors. */
  path: string;
  /** Size that the file may come to have, as far as known: told when there is no room for it. */
  expectedBytes?: number | undefined;
  signal?: AbortSignal;
  /** Told with each portion: compressed bytes written, and how many of them were read back. */
  onProgress?: (storedBytes: number, readBackBytes: number) => void;
  /** Of the first stage. @defaultValue `pg_dump` */
  producerName?: string;
}

/** A dump that is stored, and was read back on its way there. */
export interface StoredStream {
  sizeBytes: number;
  /** SHA-256 of the very bytes that were read back, hexadecimal: what is stored is proven where it has the same. */
  checksum: string;
  readBack: ReadBack;
  stages: Stage[];
}

/**
 * Stores what a producer writes, compressed, and reads it back, in one pass. Resolves only when producer and compressor
 * both ended well, what was written decompresses, and the dump's end marker is its end. Otherwise both have ended when
 * it rejects. What the storage then gives back is not looked at here.
 *
 * @throws HoldfastError `NotEnoughSpace`, `FileTooLarge`, `StorageFailed`, `DumpInterrupted` (the compressor
 *   failed), `DumpUnreadable`, `VerificationFailed`, `ToolMissing`, `Cancelled`, or the producer's own error
 */
export async function storeStream(request: StoreRequest): Promise<StoredStream> {
  const { path, signal: cancellation } = request;
  if (cancellation?.aborted) throw cancelled(path, cancellation);
  const stop = new AbortController();
  const parts = startParts(request, stop);
  await Promise.allSettled(Object.values(parts));
  if (cancellation?.aborted) throw cancelled(path, cancellation);
  // What failed first is the cause; what failed after it was stopped.
  if (stop.signal.aborted) throw stop.signal.reason;
  const { size } = await request.file.stat();
  return proven(request, await settled(parts), size);
}

/** What runs at the same time. */
interface Parts {
  produced: Promise<Timed<void>>;
  compressed: Promise<Timed<void>>;
  written: Promise<Timed<WrittenStream>>;
  readBack: Promise<Timed<ReadBack>>;
}

/** Starts all of it; the first part to fail aborts `stop`, which ends the others. */
function startParts(request: StoreRequest, stop: AbortController): Parts {
  const { startProducer, compressor, file, path, expectedBytes } = request;
  const signal = AbortSignal.any([stop.signal, ...(request.signal ? [request.signal] : [])]);
  const abort = (reason: unknown) => stop.abort(reason);
  const moved = { stored: 0, readBack: 0 };
  const tell = (news: Partial<typeof moved>) => {
    Object.assign(moved, news);
    request.onProgress?.(moved.stored, moved.readBack);
  };
  const handover = new Handover(signal);
  const passOn = (chunk: Buffer) => handover.give(chunk);
  const onWritten = (stored: number) => tell({ stored });
  const onProgress = (readBack: number) => tell({ readBack });

  const flow = startCompressFlow(startProducer, compressor, { signal, abort });
  const parts = {
    produced: timed(flow.produced),
    compressed: timed(flow.finished),
    written: timed(
      writeStream(flow.output, { file, path, expectedBytes, onWritten, passOn, onFailed: abort }),
    ),
    readBack: timed(
      readBack(handover.read(), compressor.method, {
        ...{ signal, onProgress, subject: path },
        decompressor: ownDecompressor(compressor),
      }).catch((error) => {
        throw unreadable(error);
      }),
    ),
  };
  for (const part of [parts.compressed, parts.written, parts.readBack]) part.catch(abort);
  // Not before both have ended well: a file that is cut short must be told as what cut it, not as damaged.
  Promise.all([parts.compressed, parts.written]).then(
    () => handover.end(),
    () => {},
  );
  return parts;
}

type Settled = { [Part in keyof Parts]: Awaited<Parts[Part]> };

async function settled(parts: Parts): Promise<Settled> {
  const [produced, compressed, written, read] = await Promise.all([
    parts.produced,
    parts.compressed,
    parts.written,
    parts.readBack,
  ]);
  return { produced, compressed, written, readBack: read };
}

function proven(
  { path, compressor, producerName = 'pg_dump' }: StoreRequest,
  settled: Settled,
  storedBytes: number,
): StoredStream {
  const { result: written } = settled.written;
  const { result: read } = settled.readBack;
  if (storedBytes !== written.sizeBytes) {
    throw unproven(path, `${written.sizeBytes} bytes were written, and the file has ${storedBytes}`);
  }
  if (!read.complete) {
    throw unproven(
      path,
      `${producerName} ended well, but the end marker is missing after ${read.uncompressedBytes} bytes`,
    );
  }
  const compressorName = compressor.program === 'node' ? `node-${compressor.method}` : compressor.program;
  const stages = [
    stage(producerName, read.uncompressedBytes, settled.produced),
    stage(compressorName, written.sizeBytes, settled.compressed),
    stage('store', written.sizeBytes, settled.written),
    stage('read-back', read.uncompressedBytes, settled.readBack),
  ];
  return { ...written, readBack: read, stages };
}

function stage(name: string, bytes: number, { seconds }: Timed<unknown>): Stage {
  return { name, bytes, seconds, bytes_per_second: Math.round(bytes / Math.max(seconds, 0.001)) };
}

/** What was damaged on its way from one program of this machine to another need not be so the next time. */
function unreadable(error: unknown): unknown {
  if (!(error instanceof HoldfastError) || error.type !== 'VerificationFailed') return error;
  const remedy = "if it happens again, look at this machine's memory, its disk, and the compressor";
  return new HoldfastError('DumpUnreadable', { ...error.story, remedy }, { cause: error });
}

function unproven(path: string, cause: string): HoldfastError {
  const remedy = 'try again; if it happens again, look at the storage and at the dump program';
  return new HoldfastError('VerificationFailed', { attempted: `prove ${path}`, cause, remedy });
}

function cancelled(path: string, signal: AbortSignal): HoldfastError {
  return new HoldfastError(
    'Cancelled',
    { attempted: `store ${path}`, cause: 'it was cancelled' },
    { cause: signal.reason },
  );
}
