import pc from 'picocolors';
import { type ErrorType, errorCatalogue, isErrorType } from '../../domain/errors.js';
import { printableLines } from '../../log/printable.js';
import { createRedactor } from '../../redact.js';

export interface RenderErrorOptions {
  /** With stacks, and those of the causes. @defaultValue false */
  verbose?: boolean;
  /** @defaultValue false */
  color?: boolean;
  /** What must not be shown; passwords in URLs and settings are never. */
  secrets?: readonly string[];
}

interface ToldError {
  type: string;
  message: string;
  remedy?: string;
}

/** One red line, `✗ dump database "shop": …`, and the remedy below it. Takes anything that was thrown. */
export function renderError(error: unknown, options: RenderErrorOptions = {}): string {
  const { verbose = false, color = false, secrets = [] } = options;
  const { red, dim } = pc.createColors(color);
  const redact = createRedactor(secrets);
  const { message, remedy } = tell(error);
  const [first = '', ...more] = printableLines(redact(message));
  const lines = [red(`✗ ${first}`), ...more.map((line) => `    ${line}`)];
  if (remedy) lines.push(`  → ${printableLines(redact(remedy)).join(' ')}`);
  if (verbose)
    lines.push(
      ...stacks(error).flatMap((stack) => printableLines(redact(stack)).map((line) => dim(`  ${line}`))),
    );
  return lines.join('\n');
}

/** What `--json` prints in the place of a result. */
export interface ErrorDocument {
  /** `type` is one of the catalogue's, `GeneralError` for what is not in it; a remedy is null where none is known. */
  error: { type: ErrorType; message: string; remedy: string | null; exitCode: number };
}

/** An error for a program that reads standard output. Takes anything that was thrown. */
export function errorDocument(error: unknown): ErrorDocument {
  const redact = createRedactor([]);
  const { type, message, remedy } = tell(error);
  return {
    error: {
      type: isErrorType(type) ? type : 'GeneralError',
      message: redact(message),
      remedy: remedy === undefined ? null : redact(remedy),
      exitCode: exitCodeOf(error),
    },
  };
}

/** What the process ends with: the catalogue's exit code, 1 for what is not in it. */
export function exitCodeOf(error: unknown): number {
  const { type } = tell(error);
  return isErrorType(type) ? errorCatalogue[type].exitCode : errorCatalogue.GeneralError.exitCode;
}

function tell(error: unknown): ToldError {
  if (typeof error !== 'object' || error === null) return { type: 'GeneralError', message: String(error) };
  const { type, message, remedy } = error as Partial<Record<keyof ToldError, unknown>>;
  const words = typeof message === 'string' && message !== '' ? message : nameOf(error);
  return {
    type: typeof type === 'string' ? type : 'GeneralError',
    message: words,
    ...(typeof remedy === 'string' && { remedy }),
  };
}

function nameOf(error: object): string {
  if (error instanceof AggregateError && error.errors.length > 0) {
    return error.errors.map((inner) => tell(inner).message).join('; ');
  }
  return error instanceof Error ? error.name : JSON.stringify(error);
}

const deepestCause = 10;

function stacks(error: unknown, depth = 0): string[] {
  if (!(error instanceof Error) || depth > deepestCause) return [];
  const own = error.stack ?? `${error.name}: ${error.message}`;
  const causes = stacks(error.cause, depth + 1).map((stack, index) =>
    index === 0 ? `caused by ${stack}` : stack,
  );
  return [own, ...causes];
}
