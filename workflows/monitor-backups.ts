import {
  defineQuery,
  isCancellation,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { HealthStep } from '../activities/health.js';
import { statusQuery as statusQueryName } from '../src/domain/contracts.js';
import type {
  Delivery,
  MonitorInput,
  MonitorResult,
  MonitorStatus,
  MonitorStep,
  Rereading,
} from '../src/domain/health/contracts.js';
import type { HealthFacts } from '../src/domain/health/facts.js';
import { judge } from '../src/domain/health/judge.js';
import { HealthReport, tellable } from '../src/domain/health/report.js';
import { recordFailure } from './alerts.js';
import { failureMessage } from './failures.js';
import { hostSteps } from './host-steps.js';
import { describeLook } from './monitor-telling.js';
import { outcomeAttribute, startAttributes } from './search-attributes.js';

export const monitorStatusQuery = defineQuery<MonitorStatus>(statusQueryName);

/** One look at a cluster's backups: what there is, what the checks say of it, what has changed told. */
export async function monitorBackups(input: MonitorInput): Promise<MonitorResult> {
  upsertSearchAttributes(startAttributes('monitor', input.cluster));
  try {
    const result = await new Look(input).run();
    const isGood = result.counts.critical === 0;
    upsertSearchAttributes([outcomeAttribute(isGood ? 'succeeded' : 'failed')]);
    return result;
  } catch (error) {
    const { cluster, hostQueue } = input;
    await recordFailure(error, { type: 'backup_health', cluster, database: '', hostQueue });
    throw error;
  }
}

/** What one pass over all databases found. */
interface Pass {
  observedAt: string;
  report: HealthReport;
  warnings: string[];
}

class Look {
  readonly #status: MonitorStatus = { step: 'gather' };
  readonly #steps;
  readonly #step: HealthStep;

  constructor(readonly input: MonitorInput) {
    const { cluster, place } = input;
    this.#steps = hostSteps(input);
    this.#step = { cluster, ...(place !== undefined && { place }) };
    setHandler(monitorStatusQuery, () => this.#status);
  }

  /** The steps in order. What a re-reading finds is told in the same run. */
  async run(): Promise<MonitorResult> {
    let pass = await this.#pass();
    const { reread, problem } = await this.#reread();
    if (reread.changed > 0) pass = await this.#pass();
    const { report, observedAt } = pass;
    const delivery = await this.#deliver(report.isGood);
    this.#enter('done');
    const { counts, findings, findingCount } = report;
    return {
      ...{ cluster: this.input.cluster, observedAt, counts, findings, findingCount, reread, delivery },
      warnings: [...pass.warnings, ...problem],
    };
  }

  /** Gathers, judges and tells, a page of databases at a time. */
  async #pass(): Promise<Pass> {
    const pass: Pass = { observedAt: '', report: new HealthReport(), warnings: [] };
    let databases = 0;
    for (let after: string | null = null; ; ) {
      this.#enter('gather');
      const facts: HealthFacts = await this.#steps.patient.gatherHealth({ ...this.#step, after });
      this.#enter('judge');
      const findings = judge(facts);
      pass.report.add(findings);
      databases += facts.databases.length;
      const { critical, warning } = pass.report.counts;
      this.#enter('tell', { databases, critical, warning });
      await this.#steps.patient.tellHealth({ ...this.#step, findings: findings.map(tellable) });
      if (facts.isFirstPage) {
        pass.observedAt = facts.observedAt;
        const { serverUnknownBecause: why } = facts;
        if (why !== '') pass.warnings.push(`the server could not be asked: ${why}`);
      }
      if (facts.next === null) return pass;
      after = facts.next;
    }
  }

  /** A re-reading that fails says nothing of what was found before it. */
  async #reread(): Promise<{ reread: Rereading; problem: string[] }> {
    const none = { backups: 0, bytes: 0, damaged: 0, changed: 0 };
    if (this.input.withoutReread === true) return { reread: none, problem: [] };
    this.#enter('re-read');
    try {
      const reread = await this.#steps.transfer.rereadBackups(this.#step);
      this.#enter('re-read', { rereadBytes: reread.bytes });
      return { reread, problem: [] };
    } catch (error) {
      if (isCancellation(error)) throw error;
      return { reread: none, problem: [`backups could not be re-read: ${failureMessage(error)}`] };
    }
  }

  /** Alerts that could not be delivered lie in the host's outbox: the next look tries again. */
  async #deliver(isGood: boolean): Promise<Delivery> {
    this.#enter('deliver');
    return this.#steps.patient.deliverAlerts({ ...this.#step, isGood });
  }

  #enter(step: MonitorStep, news: Partial<MonitorStatus> = {}): void {
    Object.assign(this.#status, news, { step });
    setCurrentDetails(describeLook(this.input, this.#status));
  }
}
