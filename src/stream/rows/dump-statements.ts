import { RoutineBody } from '../sql/routine-body.js';
import { isWord, type Meaning, meaningOf, type Part } from './statement-meaning.js';
import { type Needs, needsOf } from './statement-needs.js';

/** More parts than any statement has whose meaning matters, but for an INSERT's many rows. */
const maxParts = 64;

/** Follows one statement after the other, and says at each one's end what it means. */
export class DumpStatements {
  #parts: Part[] = [];
  #depth = 0;
  #groupsAfterValues: number | undefined;
  #conflictClause = false;
  /** Roles and extensions that statements named so far; names are one character a byte. */
  readonly needs = { roles: new Set<string>(), extensions: new Set<string>() };
  readonly #body = new RoutineBody();

  /** Whether nothing of a statement was read since the last one ended. */
  get isBetween(): boolean {
    return this.#parts.length === 0;
  }

  /** Whether what comes next is outside parentheses, where alone text has a meaning. */
  get isOutermost(): boolean {
    return this.#depth === 0;
  }

  word(text: string): void {
    if (this.#depth > 0) {
      this.#body.skipWord();
      return;
    }
    const word = text.toLowerCase();
    this.#body.word(word);
    if (this.#isInsert && word === 'values') this.#groupsAfterValues ??= 0;
    if (this.#isInsert && word === 'on') this.#conflictClause = true;
    this.#add('word', text);
  }

  name(text: string): void {
    this.#add('name', text);
  }

  literal(text: string): void {
    this.#add('literal', text);
  }

  /** Gives the statement's meaning when the symbol ends it. */
  symbol(character: string): Meaning | undefined {
    if (character === ';' && this.#depth === 0 && !this.#body.isOpen) return this.#end();
    if (character === '(') this.#open();
    else if (character === ')') this.#depth = Math.max(0, this.#depth - 1);
    else this.#add('symbol', character);
    return undefined;
  }

  get #isInsert(): boolean {
    return isWord(this.#parts[0], 'insert');
  }

  #open(): void {
    if (this.#depth === 0) {
      this.#add('symbol', '(');
      if (this.#groupsAfterValues !== undefined && !this.#conflictClause) this.#groupsAfterValues++;
    }
    this.#depth++;
  }

  #add(kind: Part['kind'], text: string): void {
    if (this.#depth === 0 && this.#parts.length < maxParts) this.#parts.push({ kind, text });
  }

  #note({ roles, extensions }: Needs): void {
    for (const role of roles) this.needs.roles.add(role);
    for (const extension of extensions) this.needs.extensions.add(extension);
  }

  #end(): Meaning {
    const meaning = meaningOf(this.#parts, this.#groupsAfterValues);
    if (meaning.type === 'other' || meaning.type === 'setting') this.#note(needsOf(this.#parts));
    this.#parts = [];
    this.#groupsAfterValues = undefined;
    this.#conflictClause = false;
    this.#body.reset();
    return meaning;
  }
}
