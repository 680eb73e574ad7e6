/** A text as one word of a POSIX shell, whatever is in it; as it is where the shell would take it so. */
export function shellWord(text: string): string {
  return plain.test(text) ? text : shellQuote(text);
}

/** A `~` at the beginning, or behind `:` and `=`, stands for a home directory. */
const plain = /^(?:[\w@%+=:,./-]+|[\w./-][\w./~-]*)$/;

/** The same, in quotes whatever is in it. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
