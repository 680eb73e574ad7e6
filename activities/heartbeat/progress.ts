import { heartbeat } from '@temporalio/activity';
import type { DumpProgress } from '../../src/domain/backup/contracts.js';

/** Turns progress, and only progress, into heartbeats: a step that stalls sends none and times out. */
export interface ProgressBeat {
  /**
   * Bytes stored so far, in all, and how many of them were read back. May be told with each portion: four a second
   * become heartbeats, each of which costs the worker as much as hashing a mebibyte.
   */
  stored(storedBytes: number, readBackBytes?: number): void;
  /** Another object was begun. */
  doing(text: string): void;
  /** Nothing moves, for the server has work to do first. */
  serverWorks(): void;
  /** How long ago the last heartbeat was. */
  quietMs(): number;
}

const storedBeatMs = 250;

const serverWorks = 'the server works';

/** Heartbeats of a step that stores an artifact of about `expectedBytes`. */
export function beatWithProgress(expectedBytes?: number): ProgressBeat {
  const startedAt = performance.now();
  const progress: DumpProgress = {
    storedBytes: 0,
    doing: '',
    bytesPerSecond: 0,
    elapsedSeconds: 0,
    ...(expectedBytes !== undefined && { expectedBytes }),
  };
  let beatAt = startedAt;
  const beat = (news: Partial<DumpProgress>) => {
    beatAt = performance.now();
    const elapsedSeconds = (beatAt - startedAt) / 1000;
    Object.assign(progress, news, { elapsedSeconds });
    heartbeat({
      ...progress,
      bytesPerSecond: Math.round(progress.storedBytes / Math.max(elapsedSeconds, 0.001)),
    });
  };
  let object = '';
  let readBackSoFar = 0;
  let storedAt = Number.NEGATIVE_INFINITY;
  return {
    stored: (storedBytes, readBackBytes = 0) => {
      const now = performance.now();
      if (now - storedAt < storedBeatMs) return;
      const moved = storedBytes > progress.storedBytes || readBackBytes > readBackSoFar;
      if (!moved) return;
      storedAt = now;
      readBackSoFar = readBackBytes;
      beat({ storedBytes, doing: object });
    },
    doing: (text) => {
      object = text.slice(0, 200);
      beat({ doing: object });
    },
    serverWorks: () => beat({ doing: object === '' ? serverWorks : `${object}: ${serverWorks}` }),
    quietMs: () => performance.now() - beatAt,
  };
}

const watchedBeatMs = 1_000;

/**
 * Heartbeats of a step that watches a server recover, as long as it does, with how far that has come: while the server
 * writes its last checkpoint, and while it replays a long transaction's end, it tells nothing.
 */
export async function beatWhileWatching<T>(
  work: (tell: (replayedBytes: number, doing: string) => void) => Promise<T>,
): Promise<T> {
  const startedAt = performance.now();
  const progress: DumpProgress = { storedBytes: 0, doing: '', bytesPerSecond: 0, elapsedSeconds: 0 };
  const timer = setInterval(() => {
    progress.elapsedSeconds = (performance.now() - startedAt) / 1000;
    progress.bytesPerSecond = Math.round(progress.storedBytes / progress.elapsedSeconds);
    heartbeat(progress);
  }, watchedBeatMs);
  try {
    return await work((storedBytes, doing) => Object.assign(progress, { storedBytes, doing }));
  } finally {
    clearInterval(timer);
  }
}
