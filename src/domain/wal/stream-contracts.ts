import type { DumpProgress } from '../backup/contracts.js';
import type { LsnText } from './base-backup.js';

/** The id under which a cluster's WAL is streamed: once at a time. */
export function walStreamWorkflowId(cluster: string): string {
  return `wal-stream/${cluster}`;
}

export interface WalStreamInput {
  cluster: string;
  /** Queue of the host that has the archive. */
  hostQueue: string;
  /** Who asked, as `user@host`. */
  requester: string;
  /** Fingerprint of the server and repository that is meant; absent where only the worker's settings count. */
  place?: string;
  /** A stream that makes no progress for this long while the server moves on is given up and begun anew. */
  stallTimeoutSeconds: number;
  /** Looks at the stream after which a new run takes over. @defaultValue 360 */
  looksPerRun?: number;
  /** What the run before this one has handed on. */
  carried?: CarriedStream;
}

/** What goes from one run of a stream to the next: its history is cut, not its life. */
export interface CarriedStream {
  /** When the first run began, ISO 8601. */
  since: string;
  health: StreamHealth;
  /** A base backup is due since WAL was lost, and could not be taken yet: why. */
  baseDue: string | null;
}

/** What streaming starts with. */
export interface StreamStart {
  slot: string;
  systemIdentifier: string;
  serverMajor: number;
  segmentSizeBytes: number;
  limits: StreamLimits;
  warnings: string[];
  /** Why the archive has a hole from now on, and a base backup must be taken; null where it has none. */
  lostBecause: string | null;
}

/** A look at the stream from the server's side. */
export type StreamSight =
  /** The server does not answer, or nobody could ask it. */
  | { kind: 'unknown'; why: string }
  | {
      kind: 'seen';
      /** Where the server's log ends. */
      serverLsn: LsnText;
      /** What was received and made durable; null where the slot is lost. */
      flushedLsn: LsnText | null;
      isActive: boolean;
      limits: StreamLimits;
    };

/** How a stream fares; times are milliseconds since 1970. */
export interface StreamHealth {
  state: 'fine' | 'behind' | 'unknown' | 'failing';
  /** A position that the server had and the stream has not yet, and since when. */
  awaited: { lsn: LsnText; sinceMs: number } | null;
  /** Since when nobody could ask the server. */
  unknownSinceMs: number | null;
}

/** From when on a stream counts as behind. */
export interface StreamLimits {
  lagBytes: number;
  lagMs: number;
}

/** The heartbeat of a stream. */
export interface StreamProgress extends DumpProgress {
  /** `16/B374D848`: received and durable. */
  flushedLsn: string;
  lagBytes: number;
}

export type WalStreamStep = 'prepare' | 'stream' | 'stopped';

/** What a running stream tells of itself. */
export interface WalStreamStatus {
  step: WalStreamStep;
  slot?: string;
  state?: StreamHealth['state'];
  flushedLsn?: string | null;
  lagBytes?: number;
  lagSeconds?: number;
  /** Why the last attempt ended. */
  failure?: string;
}

/** How a stream ended that was told to stop. */
export interface WalStreamResult {
  cluster: string;
  slot: string | null;
  flushedLsn: string | null;
  since: string;
}
