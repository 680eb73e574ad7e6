import { bytes } from '../../domain/sizes.js';
import { type LsnText, positionOf } from '../../domain/wal/base-backup.js';
import type { StreamPosition } from './inspect-streaming.js';

/** How far a stream has come. */
export interface StreamWords {
  flushedLsn: LsnText;
  lagBytes: number;
  /** Since the watch began. */
  receivedBytes: number;
  doing: string;
}

/**
 * Tells progress from a stall by what the slot has come to. A stream is alive when more has come, and when it has all
 * that the server had at the look before; one whose server moves on without it is not.
 */
export class StreamWatch {
  #flushed: bigint | undefined;
  #begun: bigint | undefined;
  #serverBefore = 0n;

  constructor(private readonly onAlive: (words: StreamWords) => void) {}

  /** What has been received and is durable; undefined before the first look. */
  get flushed(): bigint | undefined {
    return this.#flushed;
  }

  saw({ serverLsn, slot }: StreamPosition): void {
    const server = positionOf(serverLsn);
    const flushed = positionOf(slot?.restartLsn ?? '0/0');
    const isAlive = this.#flushed === undefined || flushed > this.#flushed || flushed >= this.#serverBefore;
    this.#flushed = flushed;
    this.#begun ??= flushed;
    this.#serverBefore = server;
    if (!isAlive) return;
    const lagBytes = Math.max(0, Number(server - flushed));
    const behind = lagBytes === 0 ? 'nothing is missing' : `${bytes(lagBytes)} behind the server`;
    this.#tell(slot?.restartLsn ?? '0/0', lagBytes, `at ${slot?.restartLsn ?? '0/0'}, ${behind}`);
  }

  /** The server is not there: it writes nothing that could be missed. */
  away(why: string): void {
    this.#tell('0/0', 0, `waiting for the server: ${why}`);
  }

  #tell(flushedLsn: LsnText, lagBytes: number, doing: string): void {
    const receivedBytes = Number((this.#flushed ?? 0n) - (this.#begun ?? 0n));
    this.onAlive({ flushedLsn, lagBytes, receivedBytes: Math.max(0, receivedBytes), doing });
  }
}
