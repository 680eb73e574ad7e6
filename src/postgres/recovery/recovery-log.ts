import type { LsnText } from '../../domain/wal/base-backup.js';

/** What a recovering server tells in its log. */
export type RecoveryEvent =
  | { kind: 'segment'; file: string }
  /** Only now and then, on PostgreSQL 15 and later. */
  | { kind: 'position'; lsn: LsnText }
  /** The base backup is consistent from here on. */
  | { kind: 'consistent'; lsn: LsnText }
  /** In the server's words, without "recovery stopping". */
  | { kind: 'stopping'; words: string }
  | { kind: 'paused' }
  | { kind: 'readOnly' }
  | { kind: 'timeline'; timeline: number }
  /** Recovery has ended, and the server writes. */
  | { kind: 'promoted' }
  | { kind: 'shutDownAtTarget' }
  | { kind: 'redoDone'; lsn: LsnText }
  /** ISO 8601 or as the server writes it: of the last transaction that was replayed. */
  | { kind: 'lastTransaction'; time: string }
  /** The archive surely lacks it. */
  | { kind: 'absent'; file: string }
  /** Replay could not make a tablespace that was made in that folder. */
  | { kind: 'tablespace'; oid: number; location: string }
  | { kind: 'problem'; words: string };

const patterns: [RegExp, (match: string[]) => RecoveryEvent][] = [
  [/^restored log file "([^"]+)" from archive/, ([, file = '']) => ({ kind: 'segment', file })],
  [/^redo in progress, .*current LSN: ([0-9A-F]+\/[0-9A-F]+)/, ([, lsn = '']) => ({ kind: 'position', lsn })],
  [/^consistent recovery state reached at ([0-9A-F/]+)/, ([, lsn = '']) => ({ kind: 'consistent', lsn })],
  [/^recovery stopping (.*)$/, ([, words = '']) => ({ kind: 'stopping', words })],
  [/^(?:pausing at the end of recovery|recovery has paused)/, () => ({ kind: 'paused' })],
  [/^database system is ready to accept read-?\s?only connections/, () => ({ kind: 'readOnly' })],
  [/^selected new timeline ID: (\d+)/, ([, id]) => ({ kind: 'timeline', timeline: Number(id) })],
  [/^database system is ready to accept connections/, () => ({ kind: 'promoted' })],
  [/^shutdown at recovery target/, () => ({ kind: 'shutDownAtTarget' })],
  [/^redo done at ([0-9A-F]+\/[0-9A-F]+)/, ([, lsn = '']) => ({ kind: 'redoDone', lsn })],
  [
    /^last completed transaction was at log time (.*)$/,
    ([, time = '']) => ({ kind: 'lastTransaction', time }),
  ],
];

/** Follows on a FATAL when the last of these is what a person must know. */
const consequence =
  /^(startup process .* exited|terminating any other active|shutting down due to|aborting startup)/;

/**
 * Reads a server's log line by line, as it comes with `log_line_prefix = '%m [%p] '` and messages in English.
 */
export class RecoveryLog {
  #problemOpen = false;

  /** What a line tells; undefined when it is nothing of recovery. */
  read(line: string): RecoveryEvent | undefined {
    const script = /^holdfast: (\S+) is not in the archive/.exec(line);
    if (script) return { kind: 'absent', file: script[1] ?? '' };
    if (line.startsWith('holdfast: ')) return { kind: 'problem', words: line };
    const [, level, text = ''] = /^(?:[-\d]+ [:.\d]+ \w+ \[\d+\] )?([A-Z]+):\s+(.*)$/.exec(line) ?? [];
    if (level === undefined) return undefined;
    if (level === 'DETAIL' || level === 'HINT')
      return this.#problemOpen ? { kind: 'problem', words: text } : undefined;
    if (level === 'CONTEXT' && this.#problemOpen) return tablespaceOf(text);
    this.#problemOpen = level === 'FATAL' || level === 'PANIC' || isHopeless(text);
    if (this.#problemOpen) return { kind: 'problem', words: `${level}: ${text}` };
    if (level !== 'LOG' || consequence.test(text)) return undefined;
    for (const [pattern, event] of patterns) {
      const match = pattern.exec(text);
      if (match) return event(match);
    }
    return undefined;
  }
}

/** As it follows on a problem: `WAL redo at 0/3000110 for Tablespace/CREATE: 16387 "/srv/fast"`. */
function tablespaceOf(text: string): RecoveryEvent | undefined {
  const [, oid, location = ''] = /^WAL redo at .* for Tablespace\/CREATE: (\d+) "(.*)"$/.exec(text) ?? [];
  return oid === undefined ? undefined : { kind: 'tablespace', oid: Number(oid), location };
}

/** A warning after which recovery waits for ever. */
function isHopeless(text: string): boolean {
  return /^hot standby is not possible because of insufficient parameter settings/.test(text);
}

/** The server's own words for a target that the archive does not reach. */
export const endedEarly = 'recovery ended before configured recovery target was reached';
