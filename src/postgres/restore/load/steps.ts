import type { Readable } from 'node:stream';

/** How far a load is. */
export interface LoadProgress {
  /** Statements that were done. */
  statements: number;
  rows: number;
}

/** Counts what psql has done by the command tags on its standard output: `CREATE TABLE`, `COPY 1234`. */
export class LoadSteps {
  readonly progress = { statements: 0, rows: 0 };

  constructor(private readonly onStep: (progress: LoadProgress) => void = () => {}) {}

  /** Reads `stream` to its end. */
  async read(stream: Readable): Promise<void> {
    stream.setEncoding('utf8');
    let rest = '';
    for await (const chunk of stream as AsyncIterable<string>) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.#take(line);
      this.onStep({ ...this.progress });
    }
  }

  #take(line: string): void {
    const rows = /^COPY (\d+)$/.exec(line)?.[1];
    if (rows !== undefined) this.progress.rows += Number(rows);
    if (/^[A-Z]/.test(line)) this.progress.statements++;
  }
}
