import { Transform, type TransformCallback } from 'node:stream';

const keptBytes = 512;

const marker = /(^|\n)-- PostgreSQL database dump complete\r?\n--\s*(\\unrestrict \S+\s*)?$/;

/** Passes a dump on and sees whether it ends with `pg_dump`'s end marker. */
export class EndOfDump extends Transform {
  #tail = Buffer.alloc(0);

  get isFound(): boolean {
    return marker.test(this.#tail.toString('latin1'));
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const end = chunk.subarray(-keptBytes);
    this.#tail = Buffer.concat([this.#tail, end]).subarray(-keptBytes);
    done(null, chunk);
  }
}
