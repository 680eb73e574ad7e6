/** Told what a piece of SQL is made of, as far as a reader of dumps needs to know. Texts are one character a byte. */
export interface SqlListener {
  /** Whether the text of words, names and literals is of interest just now; else it is passed as ''. */
  readonly wantsText: boolean;
  /** Whether backslashes escape in plain literals: `standard_conforming_strings = off`. */
  readonly backslashEscapes: boolean;
  /** A key word, a number or a name without quotes. */
  word(text: string): void;
  /** A name in double quotes, given without them. */
  quotedName(text: string): void;
  /** A string in single quotes or between dollar tags; the text of the latter is passed as ''. */
  literal(text: string): void;
  /** Any other character that isn't white space. Returns true to stop reading right after it. */
  symbol(character: string): boolean;
  /** A line comment, from `--` up to the line's end. */
  comment(line: string): void;
  /** A psql command, from its backslash up to the line's end. */
  command(line: string): void;
}
