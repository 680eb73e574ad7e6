import { type DrillOutcome, type DrillProof, perGb } from '../../src/domain/drill/contracts.js';
import { secondsSince } from '../../src/domain/durations.js';
import type { ResolvedBackup } from '../../src/domain/restore/contracts.js';
import { failureMessage, failureRemedy, failureType } from '../failures.js';

/** What a message holds of each outcome: twenty of them go together in one. */
const longestError = 500;
const toldWarnings = 3;
const longestWarning = 200;

/** What one restore of a drill has found so far, and how long its parts took. */
export class DrillRecord {
  readonly outcome: DrillOutcome;
  /** Full path of the artifact, once it is known: retention keeps it meanwhile. */
  path: string | undefined;
  readonly #beganAt = Date.now();
  #passedAt = Date.now();

  constructor(database: string | null, on: string) {
    this.outcome = {
      ...{ database, on, at: new Date().toISOString(), error: null, backup: null, proof: null },
      ...{ seconds: { verify: 0, load: 0, prove: 0, total: 0 }, secondsPerGb: null, warnings: [] },
    };
  }

  found({ id, path, takenAt, sizeBytes }: ResolvedBackup): void {
    this.path = path;
    const ageSeconds = secondsSince(takenAt);
    this.outcome.backup = { id, takenAt, ageSeconds, sizeBytes };
  }

  /** A part is done. */
  pass(part: 'verify' | 'load' | 'prove'): void {
    const now = Date.now();
    this.outcome.seconds[part] = (now - this.#passedAt) / 1000;
    this.outcome.seconds.total = (now - this.#beganAt) / 1000;
    this.#passedAt = now;
  }

  prove(proof: DrillProof, warnings: readonly string[]): void {
    const { outcome } = this;
    outcome.proof = proof;
    outcome.secondsPerGb = perGb(outcome.seconds.total, proof.sizeBytes);
    this.warn(warnings);
  }

  fail(error: unknown, hostQueue: string): void {
    const { outcome } = this;
    const remedy = failureRemedy(error);
    outcome.error = {
      type: failureType(error),
      message: failureMessage(error, hostQueue).slice(0, longestError),
      ...(remedy !== undefined && { remedy: remedy.slice(0, longestError) }),
    };
    outcome.seconds.total = (Date.now() - this.#beganAt) / 1000;
  }

  warn(warnings: readonly string[]): void {
    const told = warnings.map((warning) => warning.slice(0, longestWarning));
    this.outcome.warnings = [...this.outcome.warnings, ...told].slice(0, toldWarnings);
  }
}
