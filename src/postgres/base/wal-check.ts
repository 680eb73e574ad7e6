import { positionOf } from '../../domain/wal/base-backup.js';
import { formatLsn, type Lsn, lsnOf } from '../../domain/wal/wal-position.js';
import {
  lastSegmentNumberBefore,
  segmentName,
  segmentNumberOf,
  segmentStart,
} from '../../domain/wal/wal-segment.js';
import type { WalRange } from './manifest.js';

/** What the WAL of a base backup must be. */
export interface WalExpectation {
  ranges: readonly WalRange[];
  segmentSizeBytes: number;
  /** As text. */
  systemIdentifier: string;
}

/** Up to here goes the header of a segment's first page: XLogLongPageHeaderData of PostgreSQL's xlog_internal.h. */
const longHeaderBytes = 40;

const historyFile = /^[0-9A-F]{8}\.history$/;

/** That the server archived a segment which ended while the copy was made: so a recovered one need not. */
const doneMark = /^archive_status\/(?:[0-9A-F]{24}|[0-9A-F]{8}\.history)\.done$/;

/**
 * Holds the WAL that a base backup brings along against what its manifest asks for: every segment from start to stop,
 * of the server's segment size, with the page header of its own position and cluster.
 */
export class WalCheck {
  readonly #missing: Map<string, Lsn>;

  constructor(private readonly expected: WalExpectation) {
    this.#missing = segmentsOf(expected);
  }

  /** Passes a segment on. @throws Error at its end when it is not what its name says */
  async *segment(name: string, sizeBytes: number, content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    const isSegment = /^[0-9A-F]{24}$/.test(name);
    if (!isSegment && !historyFile.test(name) && !(doneMark.test(name) && sizeBytes === 0))
      throw new Error(`${JSON.stringify(name)} is no part of a write-ahead log`);
    let start = Buffer.alloc(0);
    for await (const chunk of content) {
      if (start.length < longHeaderBytes)
        start = Buffer.concat([start, chunk.subarray(0, longHeaderBytes - start.length)]);
      yield chunk;
    }
    if (isSegment) this.#check(name, sizeBytes, start);
  }

  /** @throws Error naming a segment that did not come */
  requireComplete(): void {
    const [missing] = this.#missing.keys();
    if (missing !== undefined)
      throw new Error(`segment ${missing}, which makes the copy consistent, is missing`);
  }

  #check(name: string, sizeBytes: number, start: Buffer): void {
    const { segmentSizeBytes, systemIdentifier } = this.expected;
    if (sizeBytes !== segmentSizeBytes)
      throw new Error(`segment ${name} has ${sizeBytes} bytes, the server's have ${segmentSizeBytes}`);
    const position = this.#missing.get(name);
    if (position === undefined) return;
    const [pageAddress, identifier] = [start.readBigUInt64LE(8), start.readBigUInt64LE(24)];
    if (identifier !== BigInt(systemIdentifier))
      throw new Error(`segment ${name} is of system ${identifier}, the base backup of ${systemIdentifier}`);
    if (pageAddress !== position)
      throw new Error(`segment ${name} holds the log from ${formatLsn(lsnOf(pageAddress))} on`);
    this.#missing.delete(name);
  }
}

/** Name and first position of each segment of the ranges. */
function segmentsOf({ ranges, segmentSizeBytes }: WalExpectation): Map<string, Lsn> {
  const segments = new Map<string, Lsn>();
  for (const { timeline, startLsn, endLsn } of ranges) {
    const last = lastSegmentNumberBefore(positionOf(endLsn), segmentSizeBytes);
    for (let number = segmentNumberOf(positionOf(startLsn), segmentSizeBytes); number <= last; number++)
      segments.set(
        segmentName({ timeline, number }, segmentSizeBytes),
        segmentStart(number, segmentSizeBytes),
      );
  }
  return segments;
}
