import type { WorkflowHandle } from '@temporalio/client';
import type { ClusterConfig } from '../../config/config.js';
import { clusterFingerprint } from '../../config/fingerprint.js';
import { refuseUnmet } from '../../postgres/connection/unmet-parameters.js';
import { errorOfWorkflow } from '../../temporal/failure.js';
import { type Asker, clusterInput } from '../../temporal/operations.js';
import type { OperationStart } from '../../temporal/start-operation.js';
import { watchOperation } from '../../temporal/watch-operation.js';
import type { CommandContext } from '../context.js';
import { createProgress } from '../output/progress.js';
import { beginOperation, cancelOnInterrupt } from './begin.js';
import { requesterName } from './requester.js';
import type { Session } from './session.js';
import { tellSteps } from './tell-steps.js';

export interface RunOptions {
  /** What each step is called while a person waits for it. */
  stepWords: Record<string, string>;
  /** Print the workflow's id and return. */
  detach: boolean;
  /** Asks the workflow how far it is, where its steps don't tell; undefined: not known yet. */
  askProgress?: (handle: WorkflowHandle) => Promise<string | undefined>;
}

/**
 * Refuses what this command's environment asks of connections, and can't be done: a worker, whose own environment may ask
 * nothing, would connect without. Not for what can do without a server, as a recovery.
 * @throws HoldfastError `ConfigurationInvalid`
 */
export function refuseUnmetHere({ config, env }: CommandContext, cluster: ClusterConfig): void {
  if (cluster.host === config.host) refuseUnmet(new Map(), env);
}

/** Who asks for an operation on a cluster: this command. */
export function thisCommand({ config }: CommandContext, session: Session, cluster: ClusterConfig): Asker {
  return {
    hostQueue: session.queues.host,
    requester: requesterName(),
    // On another host the same server and repository may well have other paths and names.
    ...(cluster.host === config.host && { place: clusterFingerprint(cluster) }),
  };
}

/** What every operation on a cluster is given by the command that asks for it. */
export function commonInput(context: CommandContext, session: Session, cluster: ClusterConfig) {
  return clusterInput(cluster, thisCommand(context, session, cluster));
}

/** Starts the workflow and waits for it, telling its steps; undefined when detached. */
export async function runOperation<T>(
  context: CommandContext,
  session: Session,
  start: OperationStart,
  options: RunOptions,
): Promise<T | undefined> {
  const started = await beginOperation(context, session, start, options.detach);
  return started && watch<T>(context, session, started.handle, start.summary, options);
}

/** Waits for a workflow, drawing its progress; Ctrl-C asks it to cancel and waits until it has cleaned up. */
async function watch<T>(
  context: CommandContext,
  session: Session,
  handle: WorkflowHandle,
  attempted: string,
  { stepWords, askProgress }: RunOptions,
): Promise<T> {
  const progress = createProgress(context.output.progressOptions);
  const stopListening = cancelOnInterrupt(handle, progress);
  try {
    const seen = tellSteps(stepWords, progress, (words, figures) => {
      // Before the first byte there are no figures worth showing, after the dump no object's name.
      if (figures && figures.storedBytes > 0) progress.update({ ...figures, doing: figures.doing || words });
      else progress.step(words);
    });
    // A look that gets no answer is none: the next one may.
    const ask = async () => {
      const words = await askProgress?.(handle).catch(() => undefined);
      if (words !== undefined) progress.standing(words);
    };
    const result = watchOperation<T>(session.place.client, handle, seen, askProgress && ask);
    return await Promise.race([result, session.workerFailed]);
  } catch (error) {
    throw errorOfWorkflow(error, attempted);
  } finally {
    stopListening();
    progress.stop();
  }
}
