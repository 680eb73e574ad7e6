import pc from 'picocolors';
import { printableLines } from '../../log/printable.js';
import type { ProgressOptions } from './progress.js';

/** What commands tell through: results on standard output, everything else on standard error. */
export interface Output {
  /** Whether results are asked for as JSON. */
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** Whether standard error, where logs and progress go, is a terminal. */
  readonly isTerminal: boolean;
  /** Whether standard error may be coloured. */
  readonly color: boolean;
  readonly progressOptions: ProgressOptions;
  /** A part of the result for people; with JSON it makes way to standard error. */
  print(text: string): void;
  /** The result: the one JSON document on standard output. */
  printJson(value: unknown): void;
  /** `✓ …`, a part of the result. */
  success(text: string): void;
  /** `✗ …` */
  fail(text: string): void;
  /** `! …` */
  warn(text: string): void;
  /** What happens meanwhile; nothing with `quiet`. */
  note(text: string): void;
  /** What a person is to read meanwhile, not paler than a result, printable already; nothing with `quiet`. */
  tell(text: string): void;
}

export interface OutputOptions {
  json?: boolean;
  quiet?: boolean;
  verbose?: boolean;
  /** False: no colours, whatever the terminal and the environment. @defaultValue true */
  color?: boolean;
  /** @defaultValue `process.env` */
  env?: Record<string, string | undefined>;
  /** @defaultValue the process's own */
  stdout?: OutputStream;
  /** @defaultValue the process's own */
  stderr?: OutputStream;
}

export type OutputStream = NodeJS.WritableStream & { isTTY?: boolean; columns?: number };

/** Makes an {@link Output}. */
export function createOutput(options: OutputOptions = {}): Output {
  const { json = false, quiet = false, verbose = false, env = process.env } = options;
  const { stdout = process.stdout, stderr = process.stderr } = options;
  const colors = (stream: OutputStream) => pc.createColors(mayColor(stream, options.color !== false, env));
  const onError = colors(stderr);
  const results = json ? stderr : stdout;
  const onResults = colors(results);
  for (const stream of new Set([stdout, stderr])) tolerateClosing(stream);

  const isTerminal = stderr.isTTY === true && env.TERM !== 'dumb';
  const color = onError.isColorSupported;
  const write = (stream: OutputStream, text: string) => void stream.write(`${text}\n`);
  return {
    ...{ json, quiet, verbose, isTerminal, color },
    progressOptions: { stream: stderr, isTerminal, color, quiet },
    print: (text) => write(results, text),
    printJson: (value) => write(stdout, JSON.stringify(value, null, 2)),
    success: (text) => write(results, `${onResults.green('✓')} ${shown(text)}`),
    fail: (text) => write(stderr, `${onError.red('✗')} ${shown(text)}`),
    warn: (text) => write(stderr, `${onError.yellow('!')} ${shown(text)}`),
    note: (text) => quiet || write(stderr, onError.dim(shown(text))),
    tell: (text) => quiet || write(stderr, text),
  };
}

/** As https://no-color.org and https://force-color.org have it. */
function mayColor(stream: OutputStream, wanted: boolean, env: Record<string, string | undefined>): boolean {
  if (!wanted || env.NO_COLOR) return false;
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0';
  return stream.isTTY === true && env.TERM !== 'dumb';
}

function shown(text: string): string {
  return printableLines(text).join('\n  ');
}

/** A reader that has seen enough, as `head` has, is no error. */
export function tolerateClosing(stream: OutputStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}
