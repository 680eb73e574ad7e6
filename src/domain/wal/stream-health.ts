import { bytes } from '../sizes.js';
import { positionOf } from './base-backup.js';
import type { StreamHealth, StreamLimits, StreamSight } from './stream-contracts.js';

/** Of a stream that has just begun. */
export const freshHealth: StreamHealth = { state: 'fine', awaited: null, unknownSinceMs: null };

/** What a look at a stream comes to. */
export interface StreamVerdict {
  health: StreamHealth;
  /** Bytes that the server has and the stream has not; undefined where nobody knows. */
  lagBytes: number | undefined;
  /** For how long a position of the server's has been waited for. */
  lagMs: number;
  /** What is wrong, for people; undefined while nothing is. */
  why: string | undefined;
}

/**
 * Judges a look at a stream. It is behind when it lacks too many bytes, or when what the server had written a while ago
 * has not come yet: a server that is quiet, or one that writes without end while its WAL comes in, is neither.
 */
export function judgeStream(
  before: StreamHealth,
  sight: StreamSight,
  limits: StreamLimits,
  nowMs: number,
): StreamVerdict {
  if (sight.kind === 'unknown') {
    const unknownSinceMs = before.unknownSinceMs ?? nowMs;
    const lagMs = nowMs - unknownSinceMs;
    const isLong = lagMs >= limits.lagMs;
    const why = `nothing is known of the stream for ${Math.round(lagMs / 1000)} s: ${sight.why}`;
    const health = { ...before, unknownSinceMs, ...(isLong && { state: 'unknown' as const }) };
    return { health, lagBytes: undefined, lagMs, why: isLong ? why : undefined };
  }
  const flushed = sight.flushedLsn === null ? null : positionOf(sight.flushedLsn);
  const server = positionOf(sight.serverLsn);
  const has = (lsn: bigint) => flushed !== null && flushed >= lsn;
  const stillAwaited = before.awaited && !has(positionOf(before.awaited.lsn)) ? before.awaited : null;
  const awaited = stillAwaited ?? (has(server) ? null : { lsn: sight.serverLsn, sinceMs: nowMs });
  const lagMs = awaited ? nowMs - awaited.sinceMs : 0;
  const lagBytes = flushed === null ? undefined : Math.max(0, Number(server - flushed));
  const isBehind = (lagBytes ?? 0) > limits.lagBytes || lagMs > limits.lagMs;
  const health: StreamHealth = { state: isBehind ? 'behind' : 'fine', awaited, unknownSinceMs: null };
  const sender = sight.isActive ? '' : '; nobody streams at the moment';
  const why = `streamed WAL is ${lagBytes === undefined ? 'an unknown amount' : bytes(lagBytes)} and ${Math.round(lagMs / 1000)} s behind the server${sender}`;
  return { health, lagBytes, lagMs, why: isBehind ? why : undefined };
}
