import { type Logger, operationLog } from '../src/log.js';
import { type ActivityDeps, clusterOf, runOf } from './deps.js';

/** What names a step's log. */
export interface LoggedStep {
  cluster: string;
  database?: string;
  /** When the operation began, ISO 8601. */
  startedAt: string;
}

/**
 * Runs one step of an operation with the operation's log: a file in the repository's `logs/`, and the worker's own
 * log. How the step began, ended, and how long it took stands there.
 */
export async function logged<T>(
  deps: ActivityDeps,
  step: LoggedStep,
  name: string,
  act: (log: Logger) => Promise<T>,
  operation = 'full-backup',
): Promise<T> {
  const { workflowId, runId, attempt } = runOf();
  const { repositoryPath } = clusterOf(deps, step.cluster);
  const id = {
    cluster: step.cluster,
    ...(step.database !== undefined && { database: step.database }),
    workflowId,
    runId,
    startedAt: new Date(step.startedAt),
  };
  const { logger, close } = operationLog(repositoryPath, operation, id, deps.logOptions);
  const begunAt = performance.now();
  try {
    const result = await act(logger);
    logger.info(
      { step: name, attempt, durationMs: Math.round(performance.now() - begunAt) },
      `${name}: done`,
    );
    return result;
  } catch (error) {
    logger.error({ step: name, attempt, err: error }, `${name}: failed`);
    throw error;
  } finally {
    close();
  }
}
