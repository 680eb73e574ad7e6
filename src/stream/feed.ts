import type { Writable } from 'node:stream';

/**
 * Writes all of `source` into `sink` and ends it, no faster than the sink takes it. Resolves with false when the
 * sink was closed before it had everything: why, is its owner's to say.
 */
export async function feed(source: AsyncIterable<Buffer>, sink: Writable): Promise<boolean> {
  sink.on('error', () => {});
  for await (const chunk of source) {
    if (sink.destroyed) return false;
    if (!sink.write(chunk)) await drained(sink);
  }
  if (sink.destroyed) return false;
  sink.end();
  return true;
}

async function drained(sink: Writable): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = () => {
      sink.off('drain', done).off('close', done);
      resolve();
    };
    sink.once('drain', done).once('close', done);
  });
}
