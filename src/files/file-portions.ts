import type { FileHandle } from 'node:fs/promises';

const portionBytes = 512 * 1024;

/**
 * The bytes of an open file from its beginning, the next portion being read while the last one is with the reader. A
 * portion holds good until the next is asked for: two buffers take turns, for a new one each time costs more in garbage
 * collection than reading it. Each is told to `onPortion` before it is given. The file is not closed here.
 */
export async function* filePortions(
  file: FileHandle,
  onPortion: (portion: Buffer) => void = () => {},
): AsyncGenerator<Buffer> {
  let [filling, given] = [Buffer.allocUnsafeSlow(portionBytes), Buffer.allocUnsafeSlow(portionBytes)];
  let position = 0;
  const read = () => {
    const reading = file.read(filling, 0, portionBytes, position);
    // Met when its turn comes; until then it must not count as unhandled.
    reading.catch(() => {});
    return reading;
  };
  let reading = read();
  try {
    for (;;) {
      const { bytesRead } = await reading;
      if (bytesRead === 0) return;
      [filling, given] = [given, filling];
      position += bytesRead;
      reading = read();
      const portion = given.subarray(0, bytesRead);
      onPortion(portion);
      yield portion;
    }
  } finally {
    await reading.catch(() => {});
  }
}
