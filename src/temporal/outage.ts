import { type Connection, isGrpcServiceError, ServiceError } from '@temporalio/client';
import { HoldfastError } from '../domain/errors.js';

/** gRPC's DEADLINE_EXCEEDED and UNAVAILABLE. */
const outageCodes = [4, 14];

/** Whether an error says that Temporal can't be reached now, rather than that it refuses what was asked. */
export function isOutage(error: unknown): boolean {
  if (error instanceof HoldfastError) return error.type === 'TemporalUnreachable';
  if (error instanceof Error && error.name === 'TransportError') return true;
  const cause = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(cause) && outageCodes.includes(cause.code);
}

const answersWithinMs = 5_000;

/** Rejects where Temporal does not answer soon. */
export async function askAnything(connection: Connection): Promise<void> {
  await connection.withDeadline(Date.now() + answersWithinMs, () =>
    connection.workflowService.getSystemInfo({}),
  );
}
