import { HoldfastError } from '../../domain/errors.js';
import { showName } from '../quote.js';
import type { StreamingFacts } from './inspect-streaming.js';

/**
 * Refuses what the server would refuse, in words that don't depend on the server's language.
 * @throws HoldfastError `AuthenticationFailed`, `ConfigurationInvalid`
 */
export function requireStreaming(attempted: string, facts: StreamingFacts, slot: string): void {
  const { role, mayReplicate, walLevel, maxWalSenders, usedWalSenders, maxSlots, usedSlots } = facts;
  if (!mayReplicate) {
    throw new HoldfastError('AuthenticationFailed', {
      attempted,
      cause: `role ${showName(role)} may not stream WAL: it lacks REPLICATION`,
      remedy: `Run: ALTER ROLE ${showName(role)} REPLICATION, and admit it in pg_hba.conf to "replication".`,
    });
  }
  const refuse = (cause: string, remedy: string) =>
    new HoldfastError('ConfigurationInvalid', { attempted, cause, remedy });
  if (walLevel === 'minimal')
    throw refuse('wal_level is minimal', 'Set wal_level to replica, and restart the server.');
  const existing = facts.slots.find(({ name }) => name === slot);
  if (!existing?.isActive && usedWalSenders >= maxWalSenders) {
    const cause = `max_wal_senders is ${maxWalSenders}, and ${usedWalSenders} are taken; streaming takes one, a base backup two`;
    throw refuse(cause, 'Raise max_wal_senders, and restart the server.');
  }
  if (!existing && usedSlots >= maxSlots) {
    const cause = `max_replication_slots is ${maxSlots}, and ${usedSlots} are taken`;
    throw refuse(
      cause,
      'Drop one that nobody needs (SELECT * FROM pg_replication_slots), or raise it and restart the server.',
    );
  }
}
