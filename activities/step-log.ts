import { type Logger, operationLog } from '../src/log.js';
import { type ActivityDeps, clusterOf, runOf } from './deps.js';
import { interruption } from './interruption.js';

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
    tellEnd(logger, name, attempt, error);
    throw error;
  } finally {
    close();
  }
}

/** What was broken off did not fail: who stops a worker looks for no error. */
function tellEnd(logger: Logger, name: string, attempt: number, error: unknown): void {
  const brokenOff = interruption();
  if (brokenOff === 'worker stops')
    logger.info(
      { step: name, attempt },
      `${name}: interrupted, the worker stops; it is done anew elsewhere or later`,
    );
  else if (brokenOff === 'cancelled') logger.info({ step: name, attempt }, `${name}: cancelled`);
  else logger.error({ step: name, attempt, err: error }, `${name}: failed`);
}
