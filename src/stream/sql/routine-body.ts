const openingWords = new Set(['create', 'or', 'replace', 'function', 'procedure']);
const opening = /^create( or replace)? (function|procedure)/;

/**
 * Follows `BEGIN ATOMIC ... END` of a routine's body, within which semicolons end no statement.
 * The same rule of thumb as psql's, on purpose: what psql takes for a statement is one.
 */
export class RoutineBody {
  #words = 0;
  #start = '';
  #depth = 0;

  get isOpen(): boolean {
    return this.#depth > 0;
  }

  reset(): void {
    this.#words = 0;
    this.#start = '';
    this.#depth = 0;
  }

  /** A word within parentheses: only its place in the statement counts. */
  skipWord(): void {
    this.#words++;
  }

  /** A word in small letters, outside parentheses. */
  word(word: string): void {
    if (this.#words++ < 4) this.#start += openingWords.has(word) ? `${word} ` : '? ';
    if (!opening.test(this.#start)) return;
    if (word === 'begin' || (word === 'case' && this.#depth > 0)) this.#depth++;
    else if (word === 'end') this.#depth = Math.max(0, this.#depth - 1);
  }
}
