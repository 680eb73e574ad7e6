import type { WorkflowHandle } from '@temporalio/client';
import type { DumpProgress } from '../domain/contracts.js';
import { errorOfWorkflow } from '../temporal/failure.js';
import { type OperationSight, watchOperation } from '../temporal/watch-operation.js';
import type { CommandContext } from './context.js';
import { onInterrupt } from './interrupt.js';
import { createProgress, type Progress } from './output/progress.js';
import type { Session } from './session.js';

/** What each step is called while a person waits for it. */
const stepWords: Record<string, string> = {
  inspectDatabase: 'inspecting',
  checkSpace: 'checking free space',
  dumpDatabase: 'dumping',
  dumpGlobals: 'saving roles and tablespaces',
  checksumArtifact: 'verifying',
  publishBackup: 'publishing',
  expireBackups: 'applying retention',
  discoverDatabases: 'listing databases',
};

/** Waits for a backup, drawing its progress; Ctrl-C asks the workflow to cancel and waits until it has cleaned up. */
export async function watchBackup<T>(
  context: CommandContext,
  session: Session,
  handle: WorkflowHandle,
  attempted: string,
): Promise<T> {
  const progress = createProgress(context.output.progressOptions);
  const stopListening = onInterrupt(() => {
    progress.note('cancelling; press Ctrl-C again to leave at once');
    void handle.cancel().catch(() => undefined);
  });
  try {
    const seen = createTeller(progress);
    const result = watchOperation<T>(session.place.client, handle, seen);
    return await Promise.race([result, session.workerFailed]);
  } catch (error) {
    throw errorOfWorkflow(error, attempted);
  } finally {
    stopListening();
    progress.stop();
  }
}

/** Turns what is seen of the workflow into progress, telling each failed attempt once. */
function createTeller(progress: Progress): (sight: OperationSight) => void {
  const told = new Set<string>();
  return ({ activity, attempt, heartbeat, lastFailure }) => {
    const words = stepWords[activity];
    if (!words) return;
    if (attempt > 1 && lastFailure && !told.has(`${activity} ${attempt}`)) {
      told.add(`${activity} ${attempt}`);
      progress.note(`${words}: attempt ${attempt}, since: ${lastFailure}`);
    }
    // Before the first byte there are no figures worth showing, after the dump no object's name.
    if (isDumpProgress(heartbeat) && heartbeat.storedBytes > 0) {
      progress.update({ ...heartbeat, doing: heartbeat.doing || words });
    } else progress.step(words);
  };
}

function isDumpProgress(heartbeat: unknown): heartbeat is DumpProgress {
  return typeof heartbeat === 'object' && heartbeat !== null && 'storedBytes' in heartbeat;
}
