import { messageOf } from '../../domain/errors.js';

/** Nobody reads on: a socket, which Node's pipes are, is reset where something was left unread. */
const unread = new Set(['EPIPE', 'ECONNRESET']);

/** Ends a filter program of ours that failed, as other filters do: a line on standard error, and exit code 1. */
export function endOfFilter(error: unknown): void {
  const isUnread = unread.has((error as NodeJS.ErrnoException | null)?.code ?? '');
  process.stderr.write(`${isUnread ? 'broken pipe' : messageOf(error)}\n`, () => process.exit(1));
}
