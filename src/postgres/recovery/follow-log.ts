import { open } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as delay } from 'node:timers/promises';

const portionBytes = 64 * 1024;
const longestLine = 4_000;

/** The lines of a file that grows, from its beginning, until `hasEnded` says that nobody writes it any more. */
export async function* followLog(
  path: string,
  hasEnded: () => boolean,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const handle = await open(path, 'r');
  const decoder = new StringDecoder('utf8');
  let rest = '';
  try {
    for (;;) {
      signal.throwIfAborted();
      // Asked before reading: what was written before the end is read after it.
      const ended = hasEnded();
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(portionBytes), 0, portionBytes);
      if (bytesRead === 0 && ended) break;
      if (bytesRead === 0) await delay(50, undefined, { signal });
      const lines = (rest + decoder.write(buffer.subarray(0, bytesRead))).split('\n');
      rest = (lines.pop() ?? '').slice(0, longestLine);
      yield* lines;
    }
    if (rest !== '') yield rest;
  } finally {
    await handle.close();
  }
}
