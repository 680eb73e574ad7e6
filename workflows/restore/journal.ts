import { setCurrentDetails } from '@temporalio/workflow';
import type {
  RestoreInput,
  RestoreResult,
  RestoreStatus,
  RestoreStep,
} from '../../src/domain/restore/contracts.js';
import type { Approval } from '../approval.js';
import { describeRestore } from './details.js';

/** What a restore shows of itself, by query and in the Web UI, and how long each of its steps took. */
export class RestoreJournal {
  readonly status: RestoreStatus;
  readonly durations: RestoreResult['steps'] = [];
  #enteredAt = Date.now();

  constructor(
    private readonly input: RestoreInput,
    private readonly approval: Approval,
  ) {
    const { target, requester, reason } = input;
    this.status = { step: 'resolve', target, requester, reason };
  }

  /** Ends the present step and begins another. */
  enter(step: RestoreStep, figures: Partial<RestoreStatus> = {}): void {
    this.durations.push({ step: this.status.step, durationMs: Date.now() - this.#enteredAt });
    this.#enteredAt = Date.now();
    Object.assign(this.status, figures, { step });
    this.show();
  }

  /** Shows what is known now. */
  show(): void {
    const { view } = this.approval;
    if (view) this.status.approval = view;
    setCurrentDetails(describeRestore(this.input, this.status));
  }
}
