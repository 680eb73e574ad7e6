/** As much of it as is used here: Node 20's types have none of its values. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { exports: unknown };
};

const newline = 0x0a;
const vectorBytes = 16;

/**
 * A WebAssembly module: its memory, of four pages of 64 KiB, and
 *
 *     count(at, end) { for (found = 0; at < end; at += 16) found += popcnt(bitmask(memory[at..at+16] == '\n')); }
 *
 * With what it takes to copy the bytes there, some four times as fast as JavaScript four bytes at a time: half a second
 * of a processor for each 700 MB of SQL.
 */
const vectorCounter = new WebAssembly.Module(
  Uint8Array.of(
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...[0x01, 0x07, 0x01, 0x60, 0x02, 0x7f, 0x7f, 0x01, 0x7f], // type: two i32 to an i32
    ...[0x03, 0x02, 0x01, 0x00], // one function of that type
    ...[0x05, 0x03, 0x01, 0x00, 0x04], // memory: four pages
    ...[0x07, 0x12, 0x02, 0x06, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 0x02, 0x00], // export "memory"
    ...[0x05, 0x63, 0x6f, 0x75, 0x6e, 0x74, 0x00, 0x00], // export "count"
    ...[0x0a, 0x32, 0x01, 0x30, 0x01, 0x01, 0x7f], // its body, with a local: found
    ...[0x02, 0x40, 0x03, 0x40], // block, loop
    ...[0x20, 0x00, 0x20, 0x01, 0x4f, 0x0d, 0x01], // out of the block where at >= end
    ...[0x20, 0x02], // found
    ...[0x20, 0x00, 0xfd, 0x00, 0x00, 0x00], // v128.load at
    ...[0x41, newline, 0xfd, 0x0f, 0xfd, 0x23], // i8x16.splat '\n', i8x16.eq
    ...[0xfd, 0x64, 0x69, 0x6a, 0x21, 0x02], // i8x16.bitmask, i32.popcnt, i32.add to found
    ...[0x20, 0x00, 0x41, vectorBytes, 0x6a, 0x21, 0x00], // at += 16
    ...[0x0c, 0x00, 0x0b, 0x0b, 0x20, 0x02, 0x0b], // again; found is the result
  ),
);
interface VectorCounter {
  memory: { buffer: ArrayBuffer };
  count(at: number, end: number): number;
}
const { memory, count } = new WebAssembly.Instance(vectorCounter).exports as VectorCounter;
const scratch = new Uint8Array(memory.buffer);

/** Counts line feeds in `chunk` from `start` up to, not including, `end`. */
export function countNewlines(chunk: Buffer, start: number, end: number): number {
  let found = 0;
  for (let from = start; from < end; from += scratch.length) {
    const portion = chunk.subarray(from, Math.min(end, from + scratch.length));
    scratch.set(portion);
    // The last vector may hold more than the portion.
    scratch.fill(0, portion.length, portion.length + vectorBytes);
    found += count(0, portion.length);
  }
  return found;
}
