import pc from 'picocolors';
import type { DestinationStream } from 'pino';
import { prettyFactory } from 'pino-pretty';
import { printable } from './printable.js';
import { saidErrors } from './without-stacks.js';

type Fields = Record<string, unknown>;
type Paint = (text: string) => string;

/** Shows pino's JSON lines to people: time in UTC, level word, message, fields; stacks only with `verbose`. */
export function terminalStream(
  stream: NodeJS.WritableStream,
  color: boolean,
  verbose: boolean,
): DestinationStream {
  const { dim, blue, green, yellow, red } = pc.createColors(color);
  const paints: Record<string, Paint> = { debug: dim, info: blue, success: green, warning: yellow };
  const render = prettyFactory({
    colorize: color,
    singleLine: true,
    // As fields, errors are only what they say; as errors, they come with their stacks.
    errorLikeObjectKeys: verbose ? ['err', 'error'] : [],
    translateTime: "UTC:HH:MM:ss'Z'",
    customPrettifiers: {
      time: (time) => dim(`${time}`),
      level: (level) => (paints[`${level}`] ?? red)(`${level}`.toUpperCase()),
    },
  });
  return { write: (line) => void stream.write(`${render(fitForTerminal(line, verbose))}`) };
}

/** The line with every string printable. */
function fitForTerminal(line: string, verbose: boolean): object | string {
  try {
    const fields = JSON.parse(line) as Fields;
    return printableStrings(verbose ? fields : brief(fields)) as object;
  } catch {
    return printable(line);
  }
}

/** Errors become what they say; one that only repeats the message goes. */
function brief(fields: Fields): Fields {
  const said = saidErrors(fields);
  return Object.fromEntries(
    Object.entries(said).filter(([key, value]) => key !== 'err' || value !== fields.msg),
  );
}

function printableStrings(value: unknown, key?: string): unknown {
  if (typeof value === 'string') {
    return key === 'stack' ? value.split('\n').map(printable).join('\n') : printable(value);
  }
  if (Array.isArray(value)) return value.map((item) => printableStrings(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [printable(name), printableStrings(item, name)]),
  );
}
