/** Temporal shows it in its Web UI, and keeps every version of it in the workflow's history. */
export const longestMarkdownBytes = 20_000;

/** Lines of each list; with every line cut, all lists together stay below {@link longestMarkdownBytes}. */
export const shownLines = 25;
const longestName = 80;
const longestText = 120;

/** A list of texts from outside, cut. */
export function list(items: string[]): string[] {
  const more = items.length - shownLines;
  return [
    ...items.slice(0, shownLines).map((item) => `- ${line(item)}`),
    ...(more > 0 ? [`- and ${more} more`] : []),
    '',
  ];
}

/** A name from outside, which must not become Markdown, a table's cell or another line. */
export function name(text: string, longestBytes = longestName): string {
  const plain = text.replace(/[\p{Cc}`|]/gu, '·');
  return `\`${cutBytes(plain, longestBytes)}\``;
}

/** A text from outside, on one line and without Markdown of its own. */
export function line(text: string): string {
  return cutBytes(text.replace(/[\p{Cc}]/gu, ' ').replace(/[<>[\]*_`|\\]/g, '\\$&'), longestText * 2);
}

/** At most so many bytes of UTF-8, cut between characters. */
export function cutBytes(text: string, bytes: number): string {
  const encoded = new TextEncoder().encode(text);
  if (encoded.length <= bytes) return text;
  const cut = new TextDecoder().decode(encoded.subarray(0, bytes));
  return `${cut.replace(/\uFFFD*$/, '')}…`;
}

/** `5 min`, as long as that is. */
export function age(seconds: number): string {
  if (seconds < 120) return `${Math.max(0, Math.round(seconds))} s`;
  if (seconds < 3600) return `${Math.max(0, Math.round(seconds / 60))} min`;
  return seconds < 2 * 86_400 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}
