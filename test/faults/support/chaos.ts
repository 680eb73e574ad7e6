import { setTimeout as delay } from 'node:timers/promises';
import { vi } from 'vitest';
import { hostQueue } from '../../../src/domain/contracts.js';
import { hasLivePoller } from '../../../src/temporal/task-queues.js';
import type { RunningCommand, Workplace } from '../../support/holdfast.js';
import type { TemporalServer } from '../../support/temporal.js';
import { patiently } from './scene.js';

export type Victim = 'worker' | 'Temporal' | 'nobody';

/** A worker and a Temporal server that are killed, and started again. */
export class Mortals {
  #worker: RunningCommand;
  /** Kills that met the workflow while it ran. */
  hits = 0;

  constructor(
    private readonly place: Workplace,
    private readonly temporal: TemporalServer,
  ) {
    this.#worker = place.start(['worker']);
  }

  /** Resolves when the worker asks for work. */
  async ready(): Promise<void> {
    const queue = hostQueue(this.place.env.HOLDFAST_HOST ?? '');
    await vi.waitUntil(() => hasLivePoller(this.temporal.client, queue), patiently);
  }

  /** SIGKILL to one of them a while after the run that follows `runId` has begun, and after another while its start. */
  async killDuring(victim: Victim, { workflowId, runId, afterMs, awayMs }: Moment): Promise<void> {
    if (victim === 'nobody') return;
    const seen = () => this.temporal.client.workflow.getHandle(workflowId).describe();
    await vi.waitUntil(async () => (await seen()).runId !== runId, { ...patiently, interval: 20 });
    await delay(afterMs);
    if ((await seen()).status.name === 'RUNNING') this.hits += 1;
    if (victim === 'worker') {
      this.#worker.kill('SIGKILL');
      await this.#worker;
      await delay(awayMs);
      this.#worker = this.place.start(['worker']);
    } else {
      await this.temporal.kill9();
      await delay(awayMs);
      await this.temporal.restart();
    }
  }
}

/** When a kill comes. */
export interface Moment {
  workflowId: string;
  /** Of the run before. */
  runId: string;
  afterMs: number;
  /** How long who was killed stays away. */
  awayMs: number;
}
