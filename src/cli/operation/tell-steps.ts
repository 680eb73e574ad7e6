import type { DumpProgress } from '../../domain/backup/contracts.js';
import type { OperationSight } from '../../temporal/watch-operation.js';
import type { Progress } from '../output/progress.js';

/** Shows the step that runs, by its words and the figures of its heartbeat, where it has any. */
export type ShowStep = (words: string, figures: DumpProgress | undefined) => void;

/**
 * Turns what is seen of a workflow into progress, telling each failed attempt once, and a reason once as long as it stays
 * the same. Activities that have no words are passed over.
 */
export function tellSteps(
  stepWords: Record<string, string>,
  progress: Progress,
  show: ShowStep,
): (sight: OperationSight) => void {
  const told = new Set<string>();
  const reasons = new Map<string, string>();
  return ({ activity, attempt, heartbeat, lastFailure }) => {
    const words = stepWords[activity];
    if (!words) return;
    if (attempt > 1 && lastFailure && !told.has(`${activity} ${attempt}`)) {
      told.add(`${activity} ${attempt}`);
      const isKnown = reasons.get(activity) === lastFailure;
      reasons.set(activity, lastFailure);
      progress.note(
        `${words}: attempt ${attempt}, ${isKnown ? 'for the same reason' : `since: ${lastFailure}`}`,
      );
    }
    show(words, isDumpProgress(heartbeat) ? heartbeat : undefined);
  };
}

/** Whether a heartbeat has figures. */
export function isDumpProgress(heartbeat: unknown): heartbeat is DumpProgress {
  return typeof heartbeat === 'object' && heartbeat !== null && 'storedBytes' in heartbeat;
}
