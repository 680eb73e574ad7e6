const newline = 0x0a;
const newlineInEachByte = 0x0a0a0a0a;
const lowBits = 0x7f7f7f7f;
/** So many words at most can be summed byte by byte before a byte's count overflows. */
const wordsPerSum = 255;

/**
 * Counts line feeds in `chunk` from `start` up to, not including, `end`.
 * Four bytes at a time: several times as fast as byte by byte, and unlike `indexOf` also where lines are short.
 */
export function countNewlines(chunk: Buffer, start: number, end: number): number {
  const firstWord = start + (-(chunk.byteOffset + start) & 3);
  if (end - firstWord < 4) return countByByte(chunk, start, end);
  const wordCount = (end - firstWord) >> 2;
  const lastWord = firstWord + wordCount * 4;
  return (
    countByByte(chunk, start, firstWord) +
    countByWord(new Int32Array(chunk.buffer, chunk.byteOffset + firstWord, wordCount)) +
    countByByte(chunk, lastWord, end)
  );
}

function countByByte(chunk: Buffer, start: number, end: number): number {
  let count = 0;
  for (let position = start; position < end; position++) if (chunk[position] === newline) count++;
  return count;
}

function countByWord(words: Int32Array): number {
  let count = 0;
  for (let from = 0; from < words.length; from += wordsPerSum) {
    const to = Math.min(words.length, from + wordsPerSum);
    let sums = 0;
    for (let index = from; index < to; index++) {
      const difference = (words[index] as number) ^ newlineInEachByte;
      // The top bit of each byte becomes 0 where the byte is a line feed, 1 elsewhere.
      const others = ((difference & lowBits) + lowBits) | difference | lowBits;
      sums = (sums + (~others >>> 7)) | 0;
    }
    count += (sums & 255) + ((sums >>> 8) & 255) + ((sums >>> 16) & 255) + (sums >>> 24);
  }
  return count;
}
