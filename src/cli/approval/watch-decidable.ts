import { setTimeout as delay } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { type DecidableStatus, decidingStep } from '../../domain/approval/contracts.js';
import type { DumpProgress } from '../../domain/backup/contracts.js';
import { statusQuery } from '../../domain/contracts.js';
import { errorOfWorkflow } from '../../temporal/failure.js';
import { watchOperation } from '../../temporal/watch-operation.js';
import type { CommandContext } from '../context.js';
import { cancelOnInterrupt, leaveOnInterrupt } from '../operation/begin.js';
import type { Session } from '../operation/session.js';
import { decidableWords } from '../operation/step-words.js';
import { tellSteps } from '../operation/tell-steps.js';
import { bytes, rate } from '../output/format.js';
import { createProgress } from '../output/progress.js';

const lookEveryMs = 500;

/** Called once, when the run begins to wait for people; `over` tells when it no longer does. */
export type OnWaiting = (status: DecidableStatus, over: AbortSignal) => Promise<void>;

export interface WatchOptions {
  onWaiting?: OnWaiting;
  /** Ctrl-C ends this command only. @defaultValue false: the workflow is asked to cancel, and cleans up meanwhile */
  leaves?: boolean;
}

/** Waits for a restore or recovery, drawing its progress. */
export async function watchDecidable<T>(
  context: CommandContext,
  session: Pick<Session, 'place' | 'workerFailed'>,
  handle: WorkflowHandle,
  attempted: string,
  { onWaiting = async () => undefined, leaves = false }: WatchOptions = {},
): Promise<T> {
  const progress = createProgress(context.output.progressOptions);
  const over = new AbortController();
  const stopListening = leaves ? leaveOnInterrupt(progress) : cancelOnInterrupt(handle, progress);
  const seen = tellSteps(decidableWords, progress, (words, progressed) => {
    // Figures are for a line that is redrawn, not for one more line each time.
    const withFigures = context.output.isTerminal && progressed;
    progress.step(withFigures ? `${words}: ${figures(progressed)}` : words);
  });
  const result = watchOperation<T>(session.place.client, handle, seen).finally(() => over.abort());
  const waiting = awaitApproval(handle, over.signal, async (status) => {
    progress.stop();
    await onWaiting(status, over.signal);
  });
  try {
    const [done] = await Promise.race([Promise.all([result, waiting]), session.workerFailed]);
    return done;
  } catch (error) {
    throw errorOfWorkflow(error, attempted);
  } finally {
    over.abort();
    stopListening();
    progress.stop();
  }
}

/** Looks until the run waits for people, then tells it once. A look that fails is skipped. */
async function awaitApproval(
  handle: WorkflowHandle,
  over: AbortSignal,
  onWaiting: (status: DecidableStatus) => Promise<void>,
): Promise<void> {
  while (!over.aborted) {
    await delay(lookEveryMs);
    if (over.aborted) return;
    const status = await handle.query<DecidableStatus>(statusQuery).catch(() => undefined);
    if (status?.step === decidingStep && status.approval?.outcome === 'pending') return onWaiting(status);
    if (status && ['swap', 'exchange', 'summary', 'done'].includes(status.step)) return;
  }
}

function figures({ storedBytes, expectedBytes, bytesPerSecond, doing }: DumpProgress): string {
  const read = expectedBytes
    ? `${bytes(storedBytes)} of ${bytes(expectedBytes)}, ${rate(bytesPerSecond)}`
    : undefined;
  return [read, doing].filter(Boolean).join(', ');
}
