import {
  CancellationScope,
  defineQuery,
  log,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { RecoveryStepInput } from '../activities/recovery.js';
import { statusQuery as statusQueryName } from '../src/domain/contracts.js';
import type {
  RecoveryInput,
  RecoveryResult,
  RecoveryStatus,
  RecoveryStep,
} from '../src/domain/recovery-contracts.js';
import { describeTarget } from '../src/domain/recovery-target.js';
import { recordFailure } from './alerts.js';
import { detailsOf, markdownSafe } from './details.js';
import { failureMessage } from './failures.js';
import { hostSteps } from './host-steps.js';
import { outcomeAttribute, startAttributes } from './search-attributes.js';

export const recoveryStatusQuery = defineQuery<RecoveryStatus>(statusQueryName);

const steps: RecoveryStep[] = ['resolve', 'extract', 'recover', 'prove', 'done'];

/** Brings a cluster back as it was at a point in time, into a folder of its own: nothing that runs is touched. */
export async function pointInTimeRecovery(input: RecoveryInput): Promise<RecoveryResult> {
  upsertSearchAttributes(startAttributes('recovery', input.cluster));
  const recovery = new Recovery(input);
  try {
    const result = await recovery.run();
    upsertSearchAttributes([outcomeAttribute('succeeded')]);
    return result;
  } catch (error) {
    const { cluster, hostQueue } = input;
    await recordFailure(error, { type: 'restore_done', cluster, database: '', hostQueue });
    throw error;
  } finally {
    await CancellationScope.nonCancellable(() => recovery.release());
  }
}

class Recovery {
  readonly #status: RecoveryStatus = { step: 'resolve' };
  readonly #taken: { step: RecoveryStep; sinceMs: number }[] = [];
  readonly #steps;
  /** What is in the folder is ours, and of no use to anybody. */
  #isUnrecovered = false;

  constructor(readonly input: RecoveryInput) {
    this.#steps = hostSteps(input);
    setHandler(recoveryStatusQuery, () => this.#status);
  }

  /** The steps in order. */
  async run(): Promise<RecoveryResult> {
    this.#enter('resolve');
    const { base, cluster, dataDir, target, action, requester, reason } = this.input;
    const wish = base === undefined ? {} : { base };
    const { baseId, window } = await this.#steps.contact.resolveRecovery({ ...this.#step(), ...wish });
    const step = { ...this.#step(), baseId };

    this.#enter('extract', { base: baseId, window });
    await this.#steps.transfer.extractBaseBackup(step);

    this.#enter('recover');
    this.#isUnrecovered = true;
    const recovered = await this.#steps.replay.recoverCluster(step);

    this.#enter('prove');
    const proven = await this.#steps.quick.proveRecovered(step);
    this.#isUnrecovered = false;
    this.#enter('done');
    return {
      ...{ cluster, dataDir, action, requester, reason, base: baseId },
      ...recovered,
      target: describeTarget(target),
      // One that was not to wait was stopped, once it had been looked into.
      server: action === 'pause' ? recovered.server : null,
      databases: proven?.databases ?? null,
      databaseCount: proven?.databaseCount ?? null,
      steps: this.#durations(),
    };
  }

  /** Lets the base backup go; what was unpacked and not recovered goes too, with a server that a dead worker has left. */
  async release(): Promise<void> {
    const { cluster, dataDir } = this.input;
    try {
      await this.#steps.quick.releaseBase({ cluster, ...(this.#isUnrecovered && { unrecovered: dataDir }) });
    } catch (error) {
      // Its lease ends by itself.
      log.warn('the base backup could not be released', { cause: failureMessage(error) });
    }
  }

  #step(): RecoveryStepInput {
    const { cluster, place, dataDir, target, action, timeline, osUser } = this.input;
    const startedAt = workflowInfo().startTime.toISOString();
    return {
      ...{ cluster, dataDir, target, action, timeline, startedAt },
      ...(place !== undefined && { place }),
      ...(osUser !== undefined && { osUser }),
    };
  }

  #enter(step: RecoveryStep, news: Partial<RecoveryStatus> = {}): void {
    Object.assign(this.#status, news, { step });
    this.#taken.push({ step, sinceMs: Date.now() });
    setCurrentDetails(describe(this.input, this.#status));
  }

  #durations(): RecoveryResult['steps'] {
    return this.#taken.slice(0, -1).map(({ step, sinceMs }, index) => {
      const endMs = this.#taken[index + 1]?.sinceMs ?? sinceMs;
      return { step, seconds: (endMs - sinceMs) / 1000 };
    });
  }
}

/** The run's current details in Temporal's Web UI. */
function describe(input: RecoveryInput, { step, base, window }: RecoveryStatus): string {
  const figures: [string, string | undefined][] = [
    ['cluster', `\`${markdownSafe(input.cluster)}\``],
    ['target', markdownSafe(describeTarget(input.target))],
    ['into', `\`${markdownSafe(input.dataDir)}\``],
    ['asked by', markdownSafe(input.requester)],
    ['reason', markdownSafe(input.reason)],
    ['base backup', base],
    ['recoverable', window ? `from ${window.from} to ${window.to}` : undefined],
  ];
  return detailsOf(steps, step, figures);
}
