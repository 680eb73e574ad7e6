/** The first of possibly very many things, and how many there are. */
export interface Listed<T> {
  items: T[];
  total: number;
}

const mostListed = 50;

/** As much of a list as a workflow's payload can bear. */
export function listed<T>(all: readonly T[]): Listed<T> {
  return { items: all.slice(0, mostListed), total: all.length };
}

/** Segments in a row that are missing, by the server's names of them. */
export interface ArchiveGap {
  firstMissing: string;
  lastMissing: string;
  segments: number;
  /** ISO 8601; null: from the very beginning. Between the two no point in time can be recovered to. */
  unrecoverableFrom: string | null;
  /** ISO 8601; null: until there is another base backup. */
  unrecoverableTo: string | null;
}

/** A file of the archive, and what is wrong with it. */
export interface FileFlaw {
  file: string;
  why: string;
}

/** What a verification of the archive found. */
export interface ArchiveReport {
  /** Segments that are there and have no flaw as far as was looked. */
  segments: number;
  /** Bytes that all of the archive's files take. */
  sizeBytes: number;
  /** Names of the oldest and newest segment of the current timeline's history. */
  oldest: string | null;
  newest: string | null;
  /** When the newest one's last byte was written, ISO 8601. */
  newestWrittenAt: string | null;
  /** What streaming has beyond the archive: its newest segment, whole or up to now, and when that was written, ISO 8601. */
  streamed: { segment: string; writtenAt: string } | null;
  /** Segments whose header was read now, was read by an earlier run, and is left to the next one. */
  checked: number;
  remembered: number;
  unchecked: number;
  gaps: Listed<ArchiveGap>;
  /** Whether one of the gaps keeps everything after it from being recovered to, until there is another base backup. */
  needsBase: boolean;
  /** Count as missing. */
  damaged: Listed<FileFlaw>;
  /** Files of another cluster; they count as missing, too. */
  foreign: Listed<FileFlaw>;
  /** Files that no server archives. */
  unknown: Listed<string>;
}

/** Whether all is there that must be, and nothing else that claims to be. */
export function isWhole({ gaps, damaged, foreign }: ArchiveReport): boolean {
  return gaps.total + damaged.total + foreign.total === 0;
}
