import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  CancellationScope,
  ContinueAsNew,
  condition,
  defineQuery,
  isCancellation,
  log,
  ParentClosePolicy,
  setCurrentDetails,
  setHandler,
  sleep,
  startChild,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { ClusterStep } from '../activities/cluster-step.js';
import { statusQuery as statusQueryName } from '../src/domain/contracts.js';
import { type WalCycleInput, walCycleWorkflowId } from '../src/domain/wal/contracts.js';
import type {
  CarriedStream,
  StreamStart,
  WalStreamInput,
  WalStreamResult,
  WalStreamStatus,
  WalStreamStep,
} from '../src/domain/wal/stream-contracts.js';
import { alert, recordFailure } from './alerts.js';
import { clusterStepOf } from './cluster-step.js';
import { failureMessage, failureType } from './failures.js';
import { goOnAsNew } from './go-on.js';
import { hostSteps } from './host-steps.js';
import { outcomeAttribute, startAttributes } from './search-attributes.js';
import { type MonitorParts, StreamMonitor } from './wal/stream-monitor.js';
import { describeStream, streamAlert } from './wal/stream-telling.js';
import { walCycle } from './wal-cycle.js';

export const walStreamStatusQuery = defineQuery<WalStreamStatus>(statusQueryName);

const slowestLookMs = 60_000;
/** Some four thousand events: after them a new run takes over, for which the stream pauses a second. */
const defaultLooksPerRun = 360;

/** Streams a cluster's WAL until it is cancelled, in one run after the other. */
export async function walStream(input: WalStreamInput): Promise<WalStreamResult> {
  upsertSearchAttributes(startAttributes('wal-stream', input.cluster));
  const stream = new WalStream(input);
  try {
    return await stream.run();
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error;
    if (isCancellation(error)) return stream.stopped();
    const { cluster, hostQueue } = input;
    await recordFailure(error, { type: 'wal_stream', cluster, database: '', hostQueue });
    throw error;
  }
}

class WalStream {
  readonly #status: WalStreamStatus = { step: 'prepare' };
  readonly #steps;
  readonly #since: string;
  readonly #monitor: StreamMonitor;
  #baseDue: string | null;
  #looks = 0;

  constructor(readonly input: WalStreamInput) {
    const { carried } = input;
    this.#steps = hostSteps(input);
    this.#since = carried?.since ?? workflowInfo().startTime.toISOString();
    this.#baseDue = carried?.baseDue ?? null;
    const enter: MonitorParts['enter'] = (step, news) => this.#enter(step, news);
    this.#monitor = new StreamMonitor({ input, steps: this.#steps, status: this.#status, enter });
    setHandler(walStreamStatusQuery, () => this.#status);
    this.#enter('prepare');
  }

  /** Ends only by an error: of a cancellation, of what keeps it from beginning, or to go on as a new run. */
  async run(): Promise<never> {
    for (;;) {
      try {
        this.#enter('prepare');
        await this.#stream(await this.#prepare());
      } catch (error) {
        if (error instanceof ContinueAsNew || isCancellation(error)) throw error;
        if (failureType(error) === 'SlotLost') {
          await this.#lost(failureMessage(error));
          continue;
        }
        if (!this.#monitor.hasStreamed) throw error;
        await this.#monitor.fail(failureMessage(error, this.input.hostQueue));
        // For ever: nobody may be there to begin it again.
        await sleep(this.#lookEveryMs());
      }
    }
  }

  stopped(): WalStreamResult {
    upsertSearchAttributes([outcomeAttribute('cancelled')]);
    this.#enter('stopped');
    const { slot = null, flushedLsn = null } = this.#status;
    return { cluster: this.input.cluster, slot, flushedLsn, since: this.#since };
  }

  async #prepare(): Promise<StreamStart> {
    const start = await this.#steps.contact.prepareStream(this.#step());
    this.#enter('stream', { slot: start.slot });
    if (start.lostBecause !== null) await this.#lost(start.lostBecause);
    return start;
  }

  /** WAL is missing: what follows can be recovered to only from another base backup. */
  async #lost(because: string): Promise<void> {
    this.#baseDue = because;
    const message = `${because}; a base backup is taken, and no point between can be recovered to unless the archive command has brought its WAL`;
    await alert(streamAlert(this.input.cluster, 'critical', message, this.#status));
  }

  /** Streams, and looks now and then how it fares, until the stream ends or this run has lasted long enough. */
  async #stream(start: StreamStart): Promise<never> {
    let failure: unknown;
    let isOver = false;
    const { stallTimeoutSeconds, looksPerRun = defaultLooksPerRun } = this.input;
    const scope = new CancellationScope();
    const streaming = scope
      .run(() => this.#steps.transfer.streamWal({ ...this.#step(), start, stallTimeoutSeconds }))
      .catch((error: unknown) => {
        failure = error;
      })
      .finally(() => {
        isOver = true;
      });
    try {
      let { limits } = start;
      while (!(await condition(() => isOver, this.#lookEveryMs()))) {
        limits = await this.#monitor.look(this.#step(), start, limits);
        await this.#takeBaseIfDue();
        this.#looks += 1;
        if (this.#looks >= looksPerRun || workflowInfo().continueAsNewSuggested) break;
      }
    } finally {
      scope.cancel();
      await CancellationScope.nonCancellable(() => streaming);
    }
    if (failure !== undefined && !isCancellation(failure)) throw failure;
    return goOnAsNew<typeof walStream>({ ...this.input, carried: this.#carried() });
  }

  /** The cycle tells what is missing and takes the base backup; one that runs already may have begun too early. */
  async #takeBaseIfDue(): Promise<void> {
    if (this.#baseDue === null) return;
    const { carried: _, looksPerRun: __, requester, ...common } = this.input;
    const cycle: WalCycleInput = { ...common, requester: `wal-stream for ${requester}`, forceBase: true };
    try {
      await startChild(walCycle, {
        workflowId: walCycleWorkflowId(this.input.cluster),
        args: [cycle],
        parentClosePolicy: ParentClosePolicy.ABANDON,
        staticSummary: `WAL cycle of ${this.input.cluster}, since WAL was lost`,
      });
      this.#baseDue = null;
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      log.info('a WAL cycle runs; the base backup that is due is taken after it');
    }
  }

  #carried(): CarriedStream {
    return { since: this.#since, health: this.#monitor.health, baseDue: this.#baseDue };
  }

  #lookEveryMs(): number {
    return Math.min(slowestLookMs, this.input.stallTimeoutSeconds * 1000);
  }

  #step(): ClusterStep {
    return clusterStepOf(this.input);
  }

  #enter(step: WalStreamStep, news: Partial<WalStreamStatus> = {}): void {
    Object.assign(this.#status, news, { step });
    setCurrentDetails(describeStream(this.input, this.#since, this.#status));
  }
}
