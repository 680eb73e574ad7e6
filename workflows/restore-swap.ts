import { CancellationScope } from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';
import type { SwapStep } from '../activities/swap.js';

type Swapped = Awaited<ReturnType<Activities['swapDatabases']>>;

/** Swaps what was approved. Once begun, that is finished or undone whoever cancels: it takes milliseconds. */
export async function swapApproved(
  { swapDatabases, settleSwap }: Pick<Activities, 'swapDatabases' | 'settleSwap'>,
  step: SwapStep,
): Promise<Swapped> {
  return CancellationScope.nonCancellable(async () => {
    try {
      return await swapDatabases(step);
    } catch (error) {
      if ((await settleSwap(step)) === 'undone') throw error;
      return { refusedMs: null, endedSessions: 0, attempts: 0 };
    }
  });
}
