import { setCurrentDetails } from '@temporalio/workflow';
import type { RecordedDrills } from '../../activities/drill/report.js';
import type {
  CarriedDrill,
  DrillInput,
  DrillOutcome,
  DrillStatus,
  DrillStep,
} from '../../src/domain/drill/contracts.js';
import { describeDrill, nameOf } from './telling.js';

/** What a message may hold of outcomes, in characters: the rest is in the report. */
const outcomeCharacters = 40_000;
const toldLines = 20;

/** What a drill has found so far, through all of its runs, and what it shows of itself. */
export class DrillJournal {
  readonly status: DrillStatus;
  readonly carried: CarriedDrill;
  reportPath: string | null = null;
  #unrecorded: DrillOutcome[] = [];

  constructor(
    private readonly input: DrillInput,
    first: { runId: string; startedAt: string },
  ) {
    this.carried = input.carried ?? {
      ...{ ...first, after: null, outcomes: [], warnings: [], tellings: { failed: [], recovered: [] } },
      totals: { drilled: 0, failed: 0, sizeBytes: 0, seconds: 0 },
    };
    this.status = { step: 'plan', totals: this.carried.totals };
  }

  /** When the first run began: the name of the drill's report. */
  get startedAt(): string {
    return this.carried.startedAt;
  }

  enter(step: DrillStep, news: Partial<DrillStatus> = {}): void {
    Object.assign(this.status, news, { step });
    setCurrentDetails(describeDrill(this.input, this.status, this.carried));
  }

  add(outcome: DrillOutcome): void {
    const { carried } = this;
    const { totals, tellings } = carried;
    const { database, error, proof, seconds } = outcome;
    totals.drilled += 1;
    if (database !== null) carried.after = database;
    if (error) {
      totals.failed += 1;
      if (tellings.failed.length < toldLines) tellings.failed.push(`${nameOf(database)}: ${error.message}`);
    }
    // A recovery moves whole clusters: its time a GB says nothing of a database's.
    if (proof && database !== null) {
      totals.sizeBytes += proof.sizeBytes;
      totals.seconds += seconds.total;
    }
    this.#unrecorded.push(outcome);
    carried.outcomes = fitting([...carried.outcomes, outcome]);
  }

  takeUnrecorded(): DrillOutcome[] {
    const outcomes = this.#unrecorded;
    this.#unrecorded = [];
    return outcomes;
  }

  recorded({ path, recovered }: RecordedDrills): void {
    this.reportPath = path;
    const { tellings } = this.carried;
    tellings.recovered = [...tellings.recovered, ...recovered.map(nameOf)].slice(0, toldLines);
  }

  warn(warnings: readonly string[]): void {
    this.carried.warnings = [...this.carried.warnings, ...warnings].slice(0, toldLines);
  }
}

/** As many as a message holds, those that failed first to stay. */
function fitting(outcomes: DrillOutcome[]): DrillOutcome[] {
  const characters = outcomes.reduce((sum, outcome) => sum + JSON.stringify(outcome).length, 0);
  if (characters <= outcomeCharacters) return outcomes;
  const proven = outcomes.findLastIndex(({ error }) => error === null);
  const out = proven >= 0 ? proven : outcomes.length - 1;
  return outcomes.filter((_, index) => index !== out);
}
