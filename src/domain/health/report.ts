import { addCounts, countStates, type Finding, type StateCounts, worstFirst } from './finding.js';

/** What a message of the workflow can bear. */
const mostListed = 100;

/** The findings of a look, page by page. */
export class HealthReport {
  counts: StateCounts = countStates([]);
  findingCount = 0;
  #findings: Finding[] = [];

  add(findings: readonly Finding[]): void {
    this.counts = addCounts(this.counts, countStates(findings));
    this.findingCount += findings.length;
    this.#findings = [...this.#findings, ...findings].sort(worstFirst).slice(0, mostListed);
  }

  /** The worst first; not all where there are very many. */
  get findings(): Finding[] {
    return this.#findings.map((finding) => ({ ...finding, message: cut(finding.message) }));
  }

  /** Good enough for a dead man's switch to be told so. */
  get isGood(): boolean {
    return this.counts.critical === 0;
  }
}

/** What alerts are made of. */
export type TellableFinding = Omit<Finding, 'threshold' | 'remedy'> & { remedy?: string };

/** A finding as small as a page of them must be. */
export function tellable(finding: Finding): TellableFinding {
  const { check, cluster, database, state, message, remedy, metrics } = finding;
  const told = { check, cluster, database, state, message: cut(message), metrics };
  return remedy === '' ? told : { ...told, remedy: cut(remedy) };
}

const longestMessage = 240;

function cut(message: string): string {
  return message.length > longestMessage ? `${message.slice(0, longestMessage - 1)}…` : message;
}
