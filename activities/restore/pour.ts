import { createHash } from 'node:crypto';
import { cancellationSignal } from '@temporalio/activity';
import { isByBgzip } from '../../src/domain/backup/metadata.js';
import { HoldfastError } from '../../src/domain/errors.js';
import { type LoadOptions, startLoad } from '../../src/postgres/restore/load/load.js';
import type { LoadProgress } from '../../src/postgres/restore/load/steps.js';
import { artifactPortions, type RestoreSource } from '../../src/repository/restore-source.js';
import { decompressorOf } from '../../src/stream/compression/decompress.js';
import { decompressInto } from '../../src/stream/compression/decompress-into.js';
import type { FilterProgram } from '../../src/stream/program/filter-program.js';
import type { ProgressBeat } from '../heartbeat/progress.js';

type Load = Omit<LoadOptions, 'stdin' | 'signal' | 'onStep'>;
type Loaded = LoadProgress & { warnings: string[] };

/**
 * Artifact → decompressor → psql, from process to process where a program decompresses; the bytes that pass must be those
 * that were verified.
 * @throws HoldfastError VerificationFailed, and as `startLoad`
 */
export async function pour(
  load: Load,
  source: RestoreSource,
  checksum: string,
  beat: ProgressBeat,
): Promise<Loaded> {
  const hash = createHash('sha256');
  let readBytes = 0;
  const portions = artifactPortions(source.path, (portion) => {
    hash.update(portion);
    readBytes += portion.length;
    beat.stored(readBytes);
  });
  const program = await decompressorOf(
    source.compression,
    source.metadata !== null && isByBgzip(source.metadata),
  );
  const loaded = await throughProgram(load, program, portions, beat);
  const found = hash.digest('hex');
  if (found === checksum) return loaded;
  throw new HoldfastError('VerificationFailed', {
    attempted: `load ${source.path}`,
    cause: `the file changed since it was verified: its SHA-256 is ${found}, and was ${checksum}`,
    remedy: 'find out who writes to the repository, then restore again',
  });
}

/** The decompressor writes into psql itself: only compressed bytes pass through this process. */
async function throughProgram(
  load: Load,
  program: FilterProgram,
  portions: AsyncIterable<Buffer>,
  beat: ProgressBeat,
): Promise<Loaded> {
  const signal = cancellationSignal();
  const { stdin, finished, pid } = startLoad({ ...load, stdin: 'pipe', signal, onStep: tellRows(beat) });
  if (!stdin || pid === undefined) return await finished;
  const [poured, loaded] = await Promise.allSettled([
    decompressInto(program, portions, stdin, signal),
    finished,
  ]);
  // What psql got was cut short then: whatever it says comes of that.
  if (poured.status === 'rejected' && !signal.aborted) throw poured.reason;
  if (loaded.status === 'rejected') throw loaded.reason;
  return loaded.value;
}

const tellRows =
  (beat: ProgressBeat) =>
  ({ rows }: LoadProgress) =>
    beat.doing(`${rows} rows`);
