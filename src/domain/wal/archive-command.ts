import { shellQuote } from '../shell-word.js';
/** The script's name, beside the archive's folder. */
export const archiveScriptName = 'archive-wal.sh';

/**
 * The `archive_command` that runs the script in `folder`. The server replaces `%p` and `%f`, and `%%` by `%`; its shell
 * reads the rest, and the script itself, which costs less than to start another shell.
 */
export function archiveCommand(folder: string): string {
  return `set -- ${shellQuote(folder).replaceAll('%', '%%')} "%p" "%f"; . "$1/${archiveScriptName}"`;
}

/**
 * PostgreSQL before 16 cuts a command longer than this many bytes, its `%p` and `%f` replaced, without a word
 * (MAXPGPATH).
 */
const longestBytes = 1023;
/** `pg_wal/` and twice the longest name, that of a backup history. */
const placeholderBytes = 7 + 2 * 40;

/** Why no server can run this command; undefined when one can. */
export function archiveCommandFlaw(command: string): string | undefined {
  if (/[\n\r\0]/.test(command)) return 'a line break in its path can’t be given to ALTER SYSTEM';
  const length = new TextEncoder().encode(command).length + placeholderBytes;
  return length > longestBytes
    ? `it is ${length} bytes long, and servers cut it at ${longestBytes}`
    : undefined;
}
