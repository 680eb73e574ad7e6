import type { Readable } from 'node:stream';

const longestLine = 2_000;
const longestMessage = 1_000;
const keptWarnings = 12;

/** An error of the server, as psql reports it with VERBOSITY=verbose. */
export interface LoadError {
  /** Of the dump, counted from 1; null for errors that are no statement's. */
  line: number | null;
  /** SQLSTATE, where there is one. */
  code: string;
  /** In psql's or the server's words, on one line; without the data that a COPY met. */
  words: string;
}

/**
 * What psql says on its standard error. With ON_ERROR_STOP the last message is why it stopped, whatever language
 * the server speaks.
 */
export class LoadMessages {
  readonly warnings: string[] = [];
  #last: string[] = [];

  /** Reads `stream` to its end. */
  async read(stream: Readable): Promise<void> {
    stream.setEncoding('utf8');
    let rest = '';
    for await (const chunk of stream as AsyncIterable<string>) {
      const lines = (rest + chunk).split('\n');
      rest = (lines.pop() ?? '').slice(0, longestLine);
      for (const line of lines) this.#take(line);
    }
    if (rest !== '') this.#take(rest);
  }

  /** The last message; undefined when psql said nothing. */
  get lastError(): LoadError | undefined {
    const [first, ...more] = this.#last;
    if (first === undefined) return undefined;
    const [, line, code = '', text = first] =
      /^psql:<stdin>:(\d+): (?:[^:]{1,30}: {1,2})?(?:([0-9A-Z]{5}): )?(.*)$/s.exec(first) ?? [];
    const words = [text.replace(/^psql: /, ''), ...more.filter((each) => !/^LOCATION: /.test(each))].join(
      ' ',
    );
    return { line: line === undefined ? null : Number(line), code, words: words.slice(0, longestMessage) };
  }

  #take(raw: string): void {
    const line = withoutData(raw.slice(0, longestLine)).trimEnd();
    if (line === '') return;
    if (/^psql: /.test(line) || /^psql:<stdin>:\d+: /.test(line)) this.#last = [];
    if (this.#last.length < 12) this.#last.push(line.trimStart());
    const warning = /^psql:<stdin>:\d+: WARNING: +(?:[0-9A-Z]{5}: )?(.*)$/.exec(line)?.[1];
    if (warning !== undefined && this.warnings.length < keptWarnings) this.warnings.push(warning);
  }
}

/** `COPY t, line 3, column a: "secret"` ends before the data, which has no place in a log. */
function withoutData(line: string): string {
  return line.replace(/^(\S+: +COPY .*?, line \d+(?:, column [^:]*)?): ".*$/s, '$1');
}
