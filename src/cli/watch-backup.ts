import type { WorkflowHandle } from '@temporalio/client';
import { errorOfWorkflow } from '../temporal/failure.js';
import { watchOperation } from '../temporal/watch-operation.js';
import type { CommandContext } from './context.js';
import { onInterrupt } from './interrupt.js';
import { createProgress } from './output/progress.js';
import type { Session } from './session.js';
import { tellSteps } from './tell-steps.js';

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
    const seen = tellSteps(stepWords, progress, (words, figures) => {
      // Before the first byte there are no figures worth showing, after the dump no object's name.
      if (figures && figures.storedBytes > 0) progress.update({ ...figures, doing: figures.doing || words });
      else progress.step(words);
    });
    const result = watchOperation<T>(session.place.client, handle, seen);
    return await Promise.race([result, session.workerFailed]);
  } catch (error) {
    throw errorOfWorkflow(error, attempted);
  } finally {
    stopListening();
    progress.stop();
  }
}
