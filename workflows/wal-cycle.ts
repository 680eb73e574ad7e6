import {
  CancellationScope,
  defineQuery,
  isCancellation,
  log,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { ClusterStep } from '../activities/cluster-step.js';
import { statusQuery as statusQueryName } from '../src/domain/contracts.js';
import { dayMs } from '../src/domain/durations.js';
import { type ArchiveReport, isWhole } from '../src/domain/wal/archive-report.js';
import type {
  ArchivingState,
  WalCycleInput,
  WalCycleResult,
  WalCycleStatus,
  WalCycleStep,
} from '../src/domain/wal/contracts.js';
import { alert, recordFailure } from './alerts.js';
import { clusterStepOf } from './cluster-step.js';
import { failureMessage } from './failures.js';
import { hostSteps } from './host-steps.js';
import { outcomeAttribute, startAttributes } from './search-attributes.js';
import { describeCycle, newsOfArchive } from './wal/cycle-telling.js';

export const walStatusQuery = defineQuery<WalCycleStatus>(statusQueryName);

/** Partial base backups older than this belong to runs that ended without a cleanup. */
const abandonedAfterMs = 8 * dayMs;

/** One look after a cluster's archive: its last segment in, all of it verified, a base backup when due, retention. */
export async function walCycle(input: WalCycleInput): Promise<WalCycleResult> {
  upsertSearchAttributes(startAttributes('wal-cycle', input.cluster));
  const cycle = new WalCycle(input);
  try {
    const result = await cycle.run();
    upsertSearchAttributes([outcomeAttribute(isWhole(result.archive) ? 'succeeded' : 'failed')]);
    return result;
  } catch (error) {
    const { cluster, hostQueue } = input;
    await recordFailure(error, { type: 'wal_archive', cluster, database: '', hostQueue });
    throw error;
  } finally {
    await CancellationScope.nonCancellable(() => cycle.cleanUp());
  }
}

class WalCycle {
  readonly #status: WalCycleStatus = { step: 'inspect' };
  readonly #steps;

  constructor(readonly input: WalCycleInput) {
    this.#steps = hostSteps(input);
    setHandler(walStatusQuery, () => this.#status);
    this.#enter('inspect');
  }

  /** The steps in order. */
  async run(): Promise<WalCycleResult> {
    const state = await this.#steps.contact.inspectArchiving(this.#step());
    this.#enter('inspect', { timeline: state.timeline });
    const archived = await this.#complete(state);
    const before = await this.#verify(state);
    const base = await this.#takeBaseIfDue(before);
    // The new base backup's own segments and history have come since, and it may mend what a gap had cut off.
    const archive = base ? await this.#verify(state) : before;

    this.#enter('expire');
    const { warnings, ...expired } = await this.#steps.patient.expireArchive({ ...this.#step(), state });
    // Last: it needs room, which retention makes, and what goes need not be compressed.
    this.#enter('compress');
    const compressed = await this.#steps.transfer.compressArchive({ ...this.#step(), state });
    const news = newsOfArchive(this.input.cluster, state, archive);
    const result: WalCycleResult = {
      cluster: this.input.cluster,
      ...{ systemIdentifier: state.systemIdentifier, timeline: state.timeline },
      ...{ ...archived, archive, compressed, base, expired, recordPath: null, told: news.told },
      warnings: [...state.warnings, ...warnings],
    };
    if (news.alert) await alert(news.alert);
    return this.#record(result);
  }

  /** Has the server complete its segment, and awaits it in the archive. */
  async #complete({ inRecovery }: ArchivingState): Promise<{ awaited: string | null; awaitedMs: number }> {
    if (inRecovery || this.input.noSwitch === true) return { awaited: null, awaitedMs: 0 };
    this.#enter('switch');
    const awaited = await this.#steps.quick.switchSegment(this.#step());
    this.#enter('await archived', { awaited });
    const awaitedMs = await this.#steps.patient.awaitArchived({ ...this.#step(), segment: awaited });
    return { awaited, awaitedMs };
  }

  async #verify(state: ArchivingState): Promise<ArchiveReport> {
    this.#enter('verify archive');
    const report = await this.#steps.patient.verifyArchive({ ...this.#step(), state });
    Object.assign(this.#status, { segments: report.segments, gaps: report.gaps.total });
    return report;
  }

  async #takeBaseIfDue({ needsBase }: ArchiveReport): Promise<WalCycleResult['base']> {
    const forced = this.input.forceBase === true;
    const due = await this.#steps.quick.planBase({ ...this.#step(), needsBase, forced });
    if (!due) return null;
    this.#enter('base backup', { base: due.id });
    const backup = await this.#steps.transfer.takeBaseBackup({ ...this.#step(), id: due.id });
    return { backup, because: due.because };
  }

  async #record(result: WalCycleResult): Promise<WalCycleResult> {
    this.#enter('record');
    try {
      const recordPath = await this.#steps.quick.recordCycle({ ...this.#step(), result });
      return { ...result, recordPath };
    } catch (error) {
      if (isCancellation(error)) throw error;
      const warning = `the record of this cycle could not be written: ${failureMessage(error)}`;
      return { ...result, warnings: [...result.warnings, warning] };
    } finally {
      this.#enter('done');
    }
  }

  async cleanUp(): Promise<void> {
    const { runId } = workflowInfo();
    const before = new Date(Date.now() - abandonedAfterMs).toISOString();
    try {
      await this.#steps.quick.cleanUpBases({ cluster: this.input.cluster, runId, before });
    } catch (error) {
      // The next run of the same host removes what is left.
      log.warn('partial base backups could not be removed', { cause: failureMessage(error) });
    }
  }

  #step(): ClusterStep {
    return clusterStepOf(this.input);
  }

  #enter(step: WalCycleStep, news: Partial<WalCycleStatus> = {}): void {
    Object.assign(this.#status, news, { step });
    setCurrentDetails(describeCycle(this.input, this.#status));
  }
}
