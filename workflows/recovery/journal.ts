import { setCurrentDetails } from '@temporalio/workflow';
import type {
  RecoveryInput,
  RecoveryPlan,
  RecoveryResult,
  RecoveryStatus,
  RecoveryStep,
} from '../../src/domain/recovery/contracts.js';
import { describeTarget } from '../../src/domain/recovery/target.js';
import type { Approval } from '../approval.js';
import { waitingDetails } from '../approval-details.js';
import { detailsOf, markdownSafe } from '../details.js';

const steps: RecoveryStep[] = ['resolve', 'extract', 'recover', 'prove', 'done'];
const stepsOver: RecoveryStep[] = [...steps.slice(0, -1), 'await approval', 'exchange', 'done'];

/** What a step has found out. */
type News = Partial<RecoveryStatus> & Partial<Pick<RecoveryPlan, 'replaces'>>;

/** What a recovery shows of itself, by query and in the Web UI, and how long each of its steps took. */
export class RecoveryJournal {
  readonly status: RecoveryStatus;
  readonly durations: RecoveryResult['steps'] = [];
  #previous: string | undefined;
  #enteredAt: number | undefined;

  constructor(
    private readonly input: RecoveryInput,
    private readonly approval: Approval,
  ) {
    const { dataDir: target, requester, reason } = input;
    this.status = { step: 'resolve', target, requester, reason };
  }

  /** Ends the present step and begins another. */
  enter(step: RecoveryStep, { replaces, ...news }: News = {}): void {
    const now = Date.now();
    if (this.#enteredAt !== undefined)
      this.durations.push({ step: this.status.step, seconds: (now - this.#enteredAt) / 1000 });
    this.#enteredAt = now;
    if (replaces) this.#previous = replaces.previous;
    Object.assign(this.status, news, { step });
    this.show();
  }

  /** Shows what is known now. */
  show(): void {
    const { view } = this.approval;
    if (view) this.status.approval = view;
    const details = detailsOf(this.#previous ? stepsOver : steps, this.status.step, this.#figures());
    setCurrentDetails([details, '', ...waitingDetails(this.status)].join('\n'));
  }

  #figures(): [string, string | undefined][] {
    const { cluster, target, dataDir, requester, reason } = this.input;
    const { backupId, window } = this.status;
    const moved = this.#previous && `\`${markdownSafe(this.#previous)}\``;
    return [
      ['cluster', `\`${markdownSafe(cluster)}\``],
      ['target', markdownSafe(describeTarget(target))],
      ['into', `\`${markdownSafe(dataDir)}\``],
      ['what is there is kept as', moved],
      ['asked by', markdownSafe(requester)],
      ['reason', markdownSafe(reason)],
      ['base backup', backupId],
      ['recoverable', window ? `from ${window.from} to ${window.to}` : undefined],
    ];
  }
}
