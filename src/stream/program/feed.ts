import type { Writable } from 'node:stream';

/**
 * Writes all of `source` into `sink` and ends it, no faster than the sink takes it: the next portion is asked for when
 * nothing of the last one is needed any more. Resolves with false when the sink was closed before it had everything: why,
 * is its owner's to say.
 */
export async function feed(source: AsyncIterable<Buffer>, sink: Writable): Promise<boolean> {
  sink.on('error', () => {});
  for await (const chunk of source) {
    if (sink.destroyed) return false;
    await written(sink, chunk);
  }
  if (sink.destroyed) return false;
  sink.end();
  return true;
}

async function written(sink: Writable, chunk: Buffer): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = () => {
      sink.off('close', done);
      resolve();
    };
    sink.once('close', done);
    sink.write(chunk, done);
  });
}
