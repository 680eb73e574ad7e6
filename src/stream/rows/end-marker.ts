const rule = '--';
const markers = new Set([
  '-- PostgreSQL database dump complete',
  // What `pg_dumpall` ends with.
  '-- PostgreSQL database cluster dump complete',
]);

/**
 * Looks for the end of a dump: the three comment lines that `pg_dump` writes last, with no SQL after them, and the
 * `\unrestrict` that answers its `\restrict`, if there was one.
 */
export class EndMarker {
  #linesSeen = 0;
  #restrictedBy: string | undefined;

  /** Whether what was read so far ends as a dump does. */
  get isLast(): boolean {
    return this.#linesSeen === 3 && this.#restrictedBy === undefined;
  }

  comment(line: string): void {
    if (line === rule) this.#linesSeen = this.#linesSeen === 2 ? 3 : 1;
    else this.#linesSeen = this.#linesSeen === 1 && markers.has(line) ? 2 : 0;
  }

  /** `\restrict TOKEN` and its counterpart, which since CVE-2025-8714 enclose a dump. */
  command(line: string): void {
    const [, name, token] = /^\\(restrict|unrestrict) (\S+)\s*$/.exec(line) ?? [];
    if (name === 'unrestrict' && token === this.#restrictedBy) this.#restrictedBy = undefined;
    else {
      if (name === 'restrict') this.#restrictedBy = token;
      this.#linesSeen = 0;
    }
  }

  /** Anything else: what came before was not the end. */
  sql(): void {
    this.#linesSeen = 0;
  }
}
