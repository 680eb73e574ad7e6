import { setTimeout as delay } from 'node:timers/promises';
import { isStopAt, type RecoveryAction, type RecoveryTarget } from '../../domain/recovery/target.js';
import type { LsnText } from '../../domain/wal/base-backup.js';
import { followLog } from './follow-log.js';
import { runningPostmaster } from './postmaster.js';
import { endedOtherwise, notForTarget, type WhatWasSeen } from './recovery-failure.js';
import { type RecoveryEvent, RecoveryLog } from './recovery-log.js';
import { readReplayState } from './replay-state.js';
import type { StartedServer } from './start-server.js';

/** How far a recovery has come. */
export interface RecoveryProgress {
  /** Segments that came from the archive so far. */
  segments: number;
  /** The last of them. */
  segment?: string;
  replayedLsn?: LsnText;
  /** Commit time of the last transaction that was replayed, ISO 8601. */
  replayedTo?: string;
  isConsistent: boolean;
}

export interface WatchOptions {
  attempted: string;
  server: StartedServer;
  dataDir: string;
  target: RecoveryTarget;
  action: RecoveryAction;
  /** To ask the server by. */
  role: string;
  signal: AbortSignal;
  onProgress: (progress: RecoveryProgress) => void;
}

/** A recovery that ended as it should. */
export interface WatchedRecovery {
  stopReason: string;
  replayedLsn: LsnText | undefined;
  replayedTo: string | undefined;
  /** The one that was begun by a promotion. */
  timeline: number | undefined;
  segments: number;
}

const askEveryMs = 1_000;

/**
 * Watches a server recover by its log, and by asking it once it lets sessions in, until it has done what it should at its
 * target.
 * @throws HoldfastError `RecoveryTargetNotReached`, `RecoveryFailed`, `RecoveryInterrupted`; the signal's reason
 */
export async function watchRecovery(options: WatchOptions): Promise<WatchedRecovery> {
  const { server, signal } = options;
  const watch = new Watch(options);
  const asking = new AbortController();
  const asked = watch.keepAsking(AbortSignal.any([asking.signal, signal]));
  // What kept the program from starting at all is told below.
  server.exited.catch(() => {});
  try {
    for await (const line of followLog(server.logFile, server.hasExited, signal)) {
      watch.take(line);
      if (watch.isThere()) break;
    }
    if (!watch.isThere()) watch.ended(await server.exited);
    return await watch.result();
  } finally {
    asking.abort();
    await asked;
  }
}

/** What was seen of one recovery. */
class Watch {
  readonly #log = new RecoveryLog();
  readonly #seen = new Set<RecoveryEvent['kind']>();
  readonly #what: WhatWasSeen = {
    problems: [],
    lastLines: [],
    tablespace: undefined,
    absent: undefined,
    lsn: undefined,
    time: undefined,
  };
  #progress: RecoveryProgress = { segments: 0, isConsistent: false };
  #stopReason = '';
  #timeline: number | undefined;

  constructor(private readonly options: WatchOptions) {}

  take(line: string): void {
    this.#what.lastLines.push(line);
    if (this.#what.lastLines.length > 5) this.#what.lastLines.shift();
    const event = this.#log.read(line);
    if (!event) return;
    this.#seen.add(event.kind);
    this.#note(event);
  }

  #note(event: RecoveryEvent): void {
    if (event.kind === 'segment') this.#moved({ segments: this.#progress.segments + 1, segment: event.file });
    else if (event.kind === 'position' || event.kind === 'redoDone') this.#moved({ replayedLsn: event.lsn });
    else if (event.kind === 'consistent') this.#moved({ isConsistent: true, replayedLsn: event.lsn });
    else if (event.kind === 'stopping') this.#stopReason = event.words;
    else if (event.kind === 'timeline') this.#timeline = event.timeline;
    else if (event.kind === 'absent') this.#what.absent = event.file;
    else if (event.kind === 'lastTransaction') this.#moved({ replayedTo: asIso(event.time) });
    else if (event.kind === 'tablespace') this.#what.tablespace = event;
    else if (event.kind === 'problem') this.#what.problems.push(event.words);
  }

  #moved(change: Partial<RecoveryProgress>): void {
    const before = JSON.stringify(this.#progress);
    this.#progress = { ...this.#progress, ...change };
    if (JSON.stringify(this.#progress) !== before) this.options.onProgress(this.#progress);
  }

  /** Whether the server has done what it should at a target; the log alone tells for which. */
  isThere(): boolean {
    const { action, attempted } = this.options;
    const { problems } = this.#what;
    if (problems.some((words) => words.startsWith('WARNING'))) throw endedOtherwise(attempted, this.#what, 1);
    if (action === 'promote') return this.#seen.has('promoted');
    return action === 'pause' && this.#seen.has('paused') && this.#seen.has('readOnly');
  }

  /** @throws HoldfastError unless this end is what was asked for */
  ended(exitCode: number | undefined): void {
    if (exitCode === 0 && this.options.action === 'shutdown' && this.#seen.has('shutDownAtTarget')) return;
    const { replayedLsn: lsn, replayedTo: time } = this.#progress;
    throw endedOtherwise(this.options.attempted, { ...this.#what, lsn, time }, exitCode);
  }

  async result(): Promise<WatchedRecovery> {
    const { target, attempted, action } = this.options;
    if (!isStopAt(target, this.#stopReason)) throw notForTarget(attempted, this.#stopReason);
    if (action === 'pause') await this.#ask();
    const { replayedLsn, replayedTo, segments } = this.#progress;
    const stopReason = target.kind === 'latest' ? 'at the end of all WAL' : this.#stopReason;
    return { stopReason, replayedLsn, replayedTo, timeline: this.#timeline, segments };
  }

  /** Asks now and then, as long as the server lets anybody in. */
  async keepAsking(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await delay(askEveryMs, undefined, { signal }).catch(() => {});
      if (!signal.aborted && this.#seen.has('readOnly')) await this.#ask(signal).catch(() => {});
    }
  }

  async #ask(signal?: AbortSignal): Promise<void> {
    const { dataDir, role } = this.options;
    const server = await runningPostmaster(dataDir);
    if (!server) return;
    const { replayedLsn, replayedTo } = await readReplayState(server, role);
    if (!signal?.aborted)
      this.#moved({
        ...(replayedLsn !== null && { replayedLsn }),
        ...(replayedTo !== null && { replayedTo }),
      });
  }
}

/** `2026-11-22 10:19:27.921702+00`, as a server with `log_timezone` UTC writes it. */
function asIso(time: string): string {
  return time.replace(' ', 'T').replace(/\+00$/, 'Z');
}
