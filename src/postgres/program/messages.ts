import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';

const longestLine = 2_000;
const longestMessage = 400;
const keptMessages = 12;

type Kind = 'error' | 'warning' | 'step';

/**
 * What a PostgreSQL program says on its standard error, line by line. However much it says, only the last errors
 * and warnings are kept, each cut: 20,000 tables give 3 MB of steps.
 */
export class ProgramMessages {
  readonly errors: string[] = [];
  readonly warnings: string[] = [];
  /** The last lines of any kind, for a program that dies without an error. */
  readonly lastLines: string[] = [];
  /** When the last step was said, by the monotonic clock in milliseconds. */
  lastStepAt = performance.now();
  /** How long the program had been silent when its first error came. */
  silentBeforeErrorMs = 0;
  #kind: Kind = 'step';

  constructor(private readonly onStep: (text: string) => void = () => {}) {}

  /** Reads `stream` to its end, or until it is destroyed. */
  async read(stream: Readable): Promise<void> {
    stream.setEncoding('utf8');
    let rest = '';
    stream.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = (lines.pop() ?? '').slice(0, longestLine);
      for (const line of lines) this.#take(line);
    });
    await finished(stream).catch(() => {});
    if (rest !== '') this.#take(rest);
  }

  #take(line: string): void {
    const text = line.slice(0, longestMessage).trim();
    if (text === '') return;
    keep(this.lastLines, text);
    const { kind, message } = parseLine(text);
    if (kind === 'error' && this.errors.length === 0)
      this.silentBeforeErrorMs = performance.now() - this.lastStepAt;
    // Details, hints and the rest of a message of several lines belong to what came before.
    this.#kind = kind ?? this.#kind;
    if (this.#kind === 'error') keep(this.errors, message);
    else if (this.#kind === 'warning') keep(this.warnings, message);
    else if (kind === 'step') this.#step(message);
  }

  #step(text: string): void {
    this.lastStepAt = performance.now();
    this.onStep(text.replace(/^dumping (?=contents )/, '').slice(0, 200));
  }

  /** The program's own last words, on one line; undefined when it said nothing at all. */
  get lastWords(): string | undefined {
    const lines = this.errors.length > 0 ? this.errors : this.lastLines.slice(-3);
    return lines.length > 0 ? lines.join(' ') : undefined;
  }
}

function parseLine(line: string): { kind: Kind | undefined; message: string } {
  const match = /^pg_\w+: (?:(error|fatal|warning|detail|hint): )?(.*)$/s.exec(line);
  if (!match) return { kind: undefined, message: line };
  const [, label, message = ''] = match;
  if (label === 'detail' || label === 'hint') return { kind: undefined, message };
  if (label === 'warning') return { kind: 'warning', message };
  return { kind: label === undefined ? 'step' : 'error', message };
}

function keep(lines: string[], line: string): void {
  lines.push(line);
  // The first error is the cause, and the last ones are the last words: what is dropped lies between.
  if (lines.length > keptMessages) lines.splice(1, 1);
}
