import { isCancellation } from '@temporalio/workflow';
import type { ClusterStep } from '../../activities/cluster-step.js';
import type {
  StreamHealth,
  StreamLimits,
  StreamSight,
  StreamStart,
  WalStreamInput,
  WalStreamStatus,
  WalStreamStep,
} from '../../src/domain/wal/stream-contracts.js';
import { freshHealth, judgeStream } from '../../src/domain/wal/stream-health.js';
import { alert, type Untimed } from '../alerts.js';
import { failureMessage } from '../failures.js';
import type { HostSteps } from '../host-steps.js';
import { priorityOf, streamAlert } from './stream-telling.js';

export interface MonitorParts {
  input: WalStreamInput;
  steps: HostSteps;
  /** What the workflow tells of itself. */
  status: WalStreamStatus;
  enter: (step: WalStreamStep, news?: Partial<WalStreamStatus>) => void;
}

/** Looks how a stream fares, and tells people when that changes. */
export class StreamMonitor {
  #health: StreamHealth;
  /** Before it has, what fails is told to whoever waits; afterwards it is tried again for ever. */
  #hasStreamed: boolean;

  constructor(private readonly parts: MonitorParts) {
    const { carried } = parts.input;
    this.#health = carried?.health ?? freshHealth;
    this.#hasStreamed = carried !== undefined;
  }

  get health(): StreamHealth {
    return this.#health;
  }

  get hasStreamed(): boolean {
    return this.#hasStreamed;
  }

  /** Looks once; gives the limits that hold from now on. */
  async look(step: ClusterStep, start: StreamStart, before: StreamLimits): Promise<StreamLimits> {
    const { status, enter } = this.parts;
    const sight = await this.#sight(step, start);
    const limits = sight.kind === 'seen' ? sight.limits : before;
    const { health, lagBytes, lagMs, why } = judgeStream(this.#health, sight, limits, Date.now());
    if (sight.kind === 'seen') {
      if (sight.isActive) this.#hasStreamed = true;
      Object.assign(status, { flushedLsn: sight.flushedLsn, lagBytes });
    }
    const lagSeconds = Math.round(lagMs / 1000);
    const { state: former } = this.#health;
    const wasWrong = former !== 'fine';
    const hasChanged = health.state !== former;
    this.#health = health;
    enter('stream', { state: health.state, lagSeconds });
    if (hasChanged && (why !== undefined || wasWrong))
      await this.#tell(why ?? 'streaming is well again', wasWrong ? { ends: priorityOf(former) } : {});
    return limits;
  }

  /** That nobody could look is a thing to know, and no reason to end. */
  async #sight(step: ClusterStep, start: StreamStart): Promise<StreamSight> {
    try {
      return await this.parts.steps.quick.lookAtStream({ ...step, start });
    } catch (error) {
      if (isCancellation(error)) throw error;
      return { kind: 'unknown', why: failureMessage(error, this.parts.input.hostQueue) };
    }
  }

  /** Told once, however often it is tried again. */
  async fail(failure: string): Promise<void> {
    const isNews = this.#health.state !== 'failing' || this.parts.status.failure !== failure;
    this.#health = { ...this.#health, state: 'failing' };
    this.parts.enter('prepare', { state: 'failing', failure });
    if (isNews) await this.#tell(`streaming has ended, and is tried again now and then: ${failure}`);
  }

  async #tell(message: string, more: Pick<Untimed, 'ends'> = {}): Promise<void> {
    const { input, status } = this.parts;
    const content = streamAlert(input.cluster, priorityOf(this.#health.state), message, status);
    await alert({ ...content, ...more });
  }
}
