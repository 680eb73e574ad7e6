import { workflowTypes } from '../../domain/contracts.js';
import type { RunningOperation } from '../../temporal/look-at-work.js';
import { stepWords } from '../operation/step-words.js';
import { isDumpProgress } from '../operation/tell-steps.js';
import { printable } from '../output/format.js';
import { figures } from '../output/progress.js';

const operationWords: Record<(typeof workflowTypes)[keyof typeof workflowTypes], string> = {
  [workflowTypes.fullBackup]: 'full backup',
  [workflowTypes.backUpCluster]: 'backup of every database',
  [workflowTypes.walCycle]: 'WAL cycle',
  [workflowTypes.walStream]: 'WAL stream',
  [workflowTypes.monitorBackups]: 'monitoring',
  [workflowTypes.restoreDatabase]: 'restore',
  [workflowTypes.pointInTimeRecovery]: 'recovery',
  [workflowTypes.keepPrevious]: 'kept for an undo',
  [workflowTypes.drillCluster]: 'restore drill',
  [workflowTypes.scheduledRun]: 'run of a schedule',
  [workflowTypes.deliverAlert]: 'alert',
};

/** What a kind of workflow is called among people. */
export function operationName(type: string): string {
  return (operationWords as Record<string, string>)[type] ?? type;
}

/** What a running operation does just now: its step, the step's figures, and why it is tried again. */
export function stepOf({ steps }: Pick<RunningOperation, 'steps'>): string {
  const told = steps.flatMap(({ activity, attempt, heartbeat, lastFailure }) => {
    const words = stepWords[activity];
    if (!words) return [];
    const progress = isDumpProgress(heartbeat) && heartbeat.storedBytes > 0 ? `: ${figures(heartbeat)}` : '';
    const again = attempt > 1 && lastFailure ? ` (attempt ${attempt}, since: ${lastFailure})` : '';
    return [printable(`${words}${progress}${again}`)];
  });
  return told.join('; ');
}
