import { setTimeout as delay } from 'node:timers/promises';
import { type Client, isGrpcServiceError, ServiceError, type WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';

/** What a running operation shows of itself between two looks. */
export interface OperationSight {
  /** Activity that runs or waits to run. */
  activity: string;
  attempt: number;
  /** Last heartbeat's details, as the activity sent them. */
  heartbeat: unknown;
  /** Why the last attempt failed. */
  lastFailure: string | undefined;
}

const lookEveryMs = 500;

/**
 * Waits for a workflow's result, telling what its activities report meanwhile. Rejects as `handle.result()` does.
 *
 * @param alsoLook done with each look, and not waited for when the workflow has ended
 */
export async function watchOperation<T>(
  client: Client,
  handle: WorkflowHandle,
  onSight: (sight: OperationSight) => void,
  alsoLook?: () => Promise<void>,
): Promise<T> {
  const result = untilResult<T>(handle);
  let over = false;
  const end = result.then(
    () => undefined,
    () => undefined,
  );
  void end.then(() => {
    over = true;
  });
  while (!over) {
    await Promise.race([end, delay(lookEveryMs)]);
    if (!over) for (const sight of await sightsOf(client, handle.workflowId)) onSight(sight);
    if (!over && alsoLook) await Promise.race([end, alsoLook()]);
  }
  return result;
}

/** Temporal may be restarted under a backup of hours, which goes on: its command waits as long as this for it. */
const outageMs = 10 * 60 * 1000;
const askAgainMs = 1_000;
const unavailable = 14;

/** Waits for the result, through outages of Temporal that are longer than its client bears by itself. */
async function untilResult<T>(handle: WorkflowHandle): Promise<T> {
  for (let until = performance.now() + outageMs; ; ) {
    const askedAt = performance.now();
    try {
      return (await handle.result()) as T;
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      // The client gives up within half a minute: what took longer was an answer that was waited for.
      if (performance.now() - askedAt > 60_000) until = performance.now() + outageMs;
      if (performance.now() > until) throw error;
      await delay(askAgainMs);
    }
  }
}

function isUnavailable(error: unknown): boolean {
  return error instanceof ServiceError && isGrpcServiceError(error.cause) && error.cause.code === unavailable;
}

/** What the activities of a workflow tell that run or wait to. None for a look that fails: the next one may not. */
export async function sightsOf(client: Client, workflowId: string): Promise<OperationSight[]> {
  try {
    const { pendingActivities } = await client.workflowService.describeWorkflowExecution({
      namespace: client.options.namespace,
      execution: { workflowId },
    });
    return (pendingActivities ?? []).map((pending) => {
      const [payload] = pending.heartbeatDetails?.payloads ?? [];
      return {
        activity: pending.activityType?.name ?? '',
        attempt: pending.attempt ?? 1,
        heartbeat: payload ? defaultPayloadConverter.fromPayload(payload) : undefined,
        lastFailure: pending.lastFailure?.message ?? undefined,
      };
    });
  } catch {
    return [];
  }
}
