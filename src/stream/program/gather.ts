import { finished, type Readable } from 'node:stream';

export interface GatherOptions {
  /** Size from which on a portion is passed on. @defaultValue 1 MiB */
  portionBytes?: number;
  /** How long a smaller one may wait for more. @defaultValue 100 */
  patienceMs?: number;
}

/**
 * What a stream brings, in larger portions: a pipe gives up 64 KiB at a time, and every portion costs a write, a read
 * and several promises, whatever its size. A portion holds good until the next is asked for: to allocate each anew costs
 * more in garbage collection than anything else that is done with it. Ends as the stream does, with its error if it fails.
 */
export async function* gather(
  source: Readable,
  { portionBytes = 1024 * 1024, patienceMs = 100 }: GatherOptions = {},
): AsyncGenerator<Buffer> {
  const gathered = new Gathered(source, portionBytes, patienceMs);
  try {
    for (let portion = await gathered.take(); portion.length > 0; portion = await gathered.take()) {
      yield portion;
    }
  } finally {
    source.destroy();
  }
}

class Gathered {
  /** Two portions take turns: one is filled while the other is with the reader. */
  #filling: Buffer;
  #taken: Buffer;
  #sizeBytes = 0;
  /**
   * What did not fit any more. Usually what was left of one chunk: but when a program ends, Node lets what is left of its
   * output flow, even where it was paused.
   */
  #rest: Buffer[] = [];
  #isDue = false;
  #isOver = false;
  #failure: Error | null | undefined;
  #timer: NodeJS.Timeout | undefined;
  #wake: () => void = () => {};

  constructor(
    private readonly source: Readable,
    portionBytes: number,
    private readonly patienceMs: number,
  ) {
    this.#filling = Buffer.allocUnsafeSlow(portionBytes);
    this.#taken = Buffer.allocUnsafeSlow(portionBytes);
    source.on('data', (chunk: Buffer) => this.#add(chunk));
    finished(source, { writable: false }, (error) => {
      this.#isOver = true;
      this.#failure = error;
      this.#wake();
    });
  }

  /** The next portion; empty at the end. */
  async take(): Promise<Buffer> {
    while (!this.#isDue && !this.#isOver) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    clearTimeout(this.#timer);
    if (this.#failure) throw this.#failure;
    const portion = this.#filling.subarray(0, this.#sizeBytes);
    [this.#filling, this.#taken] = [this.#taken, this.#filling];
    this.#sizeBytes = 0;
    this.#isDue = false;
    for (const rest of this.#rest.splice(0)) this.#add(rest);
    if (!this.#isDue) this.source.resume();
    return portion;
  }

  #add(chunk: Buffer): void {
    if (this.#sizeBytes === 0) this.#timer = setTimeout(() => this.#due(), this.patienceMs);
    const fitting = chunk.copy(this.#filling, this.#sizeBytes);
    this.#sizeBytes += fitting;
    if (fitting < chunk.length) this.#rest.push(chunk.subarray(fitting));
    if (this.#sizeBytes < this.#filling.length) return;
    // Until it is taken, the writer of the stream has to wait.
    this.source.pause();
    this.#due();
  }

  #due(): void {
    this.#isDue = true;
    this.#wake();
  }
}
