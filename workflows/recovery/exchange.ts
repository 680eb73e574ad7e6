import { CancellationScope } from '@temporalio/workflow';
import type { Activities } from '../../activities/index.js';
import type { ExchangeStep } from '../../activities/recovery/exchange.js';

/** Exchanges the folders that were approved. Once begun, that is finished or taken back whoever cancels. */
export async function exchangeApproved(
  { exchangeFolders, settleFolders }: Pick<Activities, 'exchangeFolders' | 'settleFolders'>,
  step: ExchangeStep,
): Promise<void> {
  await CancellationScope.nonCancellable(async () => {
    try {
      await exchangeFolders(step);
    } catch (error) {
      if ((await settleFolders(step)) === 'undone') throw error;
    }
  });
}
