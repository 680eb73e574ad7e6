import { HoldfastError } from '../../domain/errors.js';

/** Whether it passes, so that a stream waits for it: a restart of the server, an outage, a session that was ended. */
export function isPassing(error: unknown): error is HoldfastError {
  const passing = ['StreamInterrupted', 'ConnectionLost', 'ServerUnreachable'];
  return error instanceof HoldfastError && passing.includes(error.type);
}

/** Rethrows what does not pass. */
export function throwUnlessPassing(error: unknown): void {
  if (!isPassing(error)) throw error;
}

/** What to say of a server that answers queries, and lets nobody stream. */
export function refused({ type, story }: HoldfastError): HoldfastError {
  if (type !== 'ServerUnreachable') {
    const remedy = 'see the server’s log for why it ends the stream';
    return new HoldfastError('StreamFailed', { ...story, remedy });
  }
  const remedy =
    'Admit the role in pg_hba.conf to "replication", and see that max_wal_senders leaves one for streaming.';
  return new HoldfastError('AuthenticationFailed', { ...story, remedy });
}

/** What to say of WAL that the server has no more. */
export function slotLost(attempted: string, cause: string): HoldfastError {
  const remedy = 'a new base backup makes what follows recoverable; raise max_slot_wal_keep_size';
  return new HoldfastError('SlotLost', { attempted, cause, remedy });
}
