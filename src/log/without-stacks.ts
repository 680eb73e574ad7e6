type Fields = Record<string, unknown>;

/** An error as it stands in a log line. */
interface LoggedError {
  message: string;
  stack?: unknown;
  cause?: unknown;
}

/** The line's fields with each error made into what it says, causes included. */
export function saidErrors(fields: Fields): Fields {
  return mapErrors(fields, says);
}

/** The line's fields with each error cut to its type and what it says: stacks are in the operation's own log. */
export function withoutStacks(fields: Fields): Fields {
  return mapErrors(fields, (error) => ({
    ...('type' in error && { type: error.type }),
    message: says(error),
  }));
}

function mapErrors(fields: Fields, map: (error: LoggedError) => unknown): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, isError(value) ? map(value) : value]),
  );
}

function isError(value: unknown): value is LoggedError {
  return typeof value === 'object' && value !== null && 'message' in value && 'stack' in value;
}

function says({ message, cause }: LoggedError): string {
  return isError(cause) && !message.includes(cause.message) ? `${message}: ${says(cause)}` : message;
}
