import pino, { type DestinationStream } from 'pino';
import { createRedactor, type Redactor } from '../redact.js';
import { terminalStream } from './terminal-stream.js';
import { withoutStacks } from './without-stacks.js';

/** pino's logger with one level more: `success`, between `info` and `warn`. */
export type Logger = pino.Logger<'success'>;

export type LogLevel = 'debug' | 'info' | 'success' | 'warn' | 'error' | 'silent';

export interface LoggerOptions {
  /** `terminal`: for people; `json`: one object a line, for machines; `none`: only {@link file}. */
  destination: 'terminal' | 'json' | 'none';
  /** Least level for the destination; only with `debug` errors have their stacks there. A file gets all. @defaultValue `info` */
  level?: LogLevel;
  /** @defaultValue false */
  color?: boolean;
  /** Errors are told by others to whoever reads the destination: only {@link file} gets them. @defaultValue false */
  errorsToldElsewhere?: boolean;
  /** What must never be written: see `secretsOf`. */
  secrets: readonly string[];
  /** Where the destination is. @defaultValue the process's standard error */
  stream?: NodeJS.WritableStream;
  /** Gets every line as JSON beside the destination. */
  file?: DestinationStream;
}

/** The words of levels, in JSON as they are, on a terminal in capitals. */
const words: Record<string, string> = { warn: 'warning' };

/** Makes a logger that writes to standard error what holds no secret. */
export function createLogger(options: LoggerOptions): Logger {
  const { file, level = 'info', secrets } = options;
  const redactor = createRedactor(secrets);
  const streams: pino.StreamEntry<LogLevel>[] = [];
  if (options.destination !== 'none' && level !== 'silent')
    streams.push({ level, stream: withoutErrors(consoleStream(options), options) });
  if (file) streams.push({ level: 'debug', stream: file });
  return pino<'success'>(
    {
      level: file ? 'debug' : level,
      customLevels: { success: 35 },
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: words[label] ?? label }),
        log: (fields) => redactor.value(fields) as Record<string, unknown>,
      },
      serializers: { err: (error: unknown) => error },
      hooks: { streamWrite: (line) => redactLine(line, redactor) },
    },
    pino.multistream(streams, { levels: { success: 35 } }),
  );
}

function withoutErrors(stream: DestinationStream, { errorsToldElsewhere }: LoggerOptions): DestinationStream {
  if (errorsToldElsewhere !== true) return stream;
  return { write: (line) => void (isError(line) || stream.write(line)) };
}

/** The level stands first in a line. */
function isError(line: string): boolean {
  return line.startsWith('{"level":"error"');
}

function consoleStream({
  destination,
  level,
  color = false,
  stream = process.stderr,
}: LoggerOptions): DestinationStream {
  if (destination === 'terminal') return terminalStream(stream, color, level === 'debug');
  const shown = level === 'debug' ? (line: string) => line : briefLine;
  return { write: (line) => void stream.write(shown(line)) };
}

function briefLine(line: string): string {
  try {
    return `${JSON.stringify(withoutStacks(JSON.parse(line)))}\n`;
  } catch {
    return line;
  }
}

/** Redacts the finished line: only there are message, fields and the bindings of child loggers together. */
function redactLine(line: string, redactor: Redactor): string {
  try {
    return `${JSON.stringify(redactor.value(JSON.parse(line)))}\n`;
  } catch {
    return `${redactor(line.trimEnd())}\n`;
  }
}
