/** Control characters, what turns the direction of text, and what shows nothing: a name must not drive a terminal. */
const unprintable = /[\p{Cc}\p{Cs}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;

const short: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Text from outside, made fit for a terminal: what could drive it is shown escaped, as `\n`, `\x1b` or `\u202e`. */
export function printable(text: string): string {
  return text.replace(unprintable, (character) => short[character] ?? escaped(character.charCodeAt(0)));
}

/** As {@link printable}, line by line. */
export function printableLines(text: string): string[] {
  return text.split(/\r?\n/).map(printable);
}

function escaped(unit: number): string {
  const hex = unit.toString(16);
  return unit < 0x100 ? `\\x${hex.padStart(2, '0')}` : `\\u${hex.padStart(4, '0')}`;
}
