/** The script's name, beside the archive's folder. */
export const archiveScriptName = 'archive-wal.sh';

/**
 * The `archive_command` that runs the script at `path`. The server replaces `%p` and `%f`, and `%%` by `%`; its shell
 * reads the rest. An exit code over 125, such as a missing shell's, would end the server's archiver: hence `exit 1`.
 */
export function archiveCommand(path: string): string {
  return `sh ${shellQuote(path).replaceAll('%', '%%')} "%p" "%f" || exit 1`;
}

/** A text as one word of a POSIX shell, whatever is in it; as it is where the shell would take it so. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : shellQuote(text);
}

function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/**
 * PostgreSQL before 16 cuts a command longer than this many bytes, its `%p` and `%f` replaced, without a word
 * (MAXPGPATH).
 */
const longestBytes = 1023;
/** `pg_wal/` and two of the longest names, of backup histories. */
const placeholderBytes = 7 + 2 * 40;

/** Why no server can run this command; undefined when one can. */
export function archiveCommandFlaw(command: string): string | undefined {
  if (/[\n\r\0]/.test(command)) return 'a line break in its path can’t be given to ALTER SYSTEM';
  const length = new TextEncoder().encode(command).length + placeholderBytes;
  return length > longestBytes
    ? `it is ${length} bytes long, and servers cut it at ${longestBytes}`
    : undefined;
}
