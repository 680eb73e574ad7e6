import { parseSegmentName, type Segment } from './wal-segment.js';

/** How a file of the archive is compressed, by the end of its name. */
export type WalCompression = 'gzip' | 'zstd';

/** What a compressed file of the archive ends in. */
export const walSuffix = { gzip: '.gz', zstd: '.zst' } as const satisfies Record<WalCompression, string>;

/** What the server's name of an archived file says. */
export type WalFile =
  /** A whole segment. */
  | { kind: 'segment'; segment: Segment }
  /** The last, incomplete segment of a timeline that another one left: `….partial`. */
  | { kind: 'partial'; segment: Segment }
  /** Where a timeline branched off: `00000002.history`. */
  | { kind: 'history'; timeline: number }
  /** Start and end of a base backup that began `offset` bytes into the segment: `….00000028.backup`. */
  | { kind: 'backup'; segment: Segment; offset: number };

/** A {@link WalFile} as it stands in the archive. */
export type ArchivedFile = WalFile & {
  /** The server's name of it, without the suffix of a compression. */
  name: string;
  compression: WalCompression | null;
};

/** Reads a name of the archive, also of a compressed file; undefined when it is none that a server writes. */
export function parseArchivedName(file: string, segmentSizeBytes: number): ArchivedFile | undefined {
  const compression = (['gzip', 'zstd'] as const).find((method) => file.endsWith(walSuffix[method])) ?? null;
  const name = compression === null ? file : file.slice(0, -walSuffix[compression].length);
  const parsed = parseWalName(name, segmentSizeBytes);
  return parsed && { ...parsed, name, compression };
}

/** Reads a name as the server hands it to its archive command (`%f`); undefined when it is none. */
export function parseWalName(name: string, segmentSizeBytes: number): WalFile | undefined {
  const history = /^([0-9A-F]{8})\.history$/.exec(name);
  if (history) {
    const timeline = Number.parseInt(history[1] ?? '', 16);
    return timeline > 0 ? { kind: 'history', timeline } : undefined;
  }
  const segment = parseSegmentName(name.slice(0, 24), segmentSizeBytes);
  const rest = name.slice(24);
  if (!segment) return undefined;
  if (rest === '') return { kind: 'segment', segment };
  if (rest === '.partial') return { kind: 'partial', segment };
  const offset = Number.parseInt(/^\.([0-9A-F]{8})\.backup$/.exec(rest)?.[1] ?? '', 16);
  return offset < segmentSizeBytes ? { kind: 'backup', segment, offset } : undefined;
}

/** The name of a timeline's history file. */
export function historyName(timeline: number): string {
  return `${timeline.toString(16).toUpperCase().padStart(8, '0')}.history`;
}
