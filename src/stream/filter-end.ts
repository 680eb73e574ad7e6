import { messageOf } from '../domain/errors.js';

/** Ends a filter program of ours that failed, as other filters do: a line on standard error, and exit code 1. */
export function endOfFilter(error: unknown): void {
  const isUnread = (error as NodeJS.ErrnoException | null)?.code === 'EPIPE';
  process.stderr.write(`${isUnread ? 'broken pipe' : messageOf(error)}\n`, () => process.exit(1));
}
