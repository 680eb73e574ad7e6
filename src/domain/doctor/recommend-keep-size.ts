import { bytes, gb } from '../sizes.js';

/** What is known of a server's WAL, to say how much of it a slot may keep. */
export interface WalRate {
  /** WAL that the server writes in a day; null where its statistics do not reach back far enough. */
  walBytesPerDay: number | null;
  /** Free on the server's disk; null where it is another machine's. */
  freeBytes: number | null;
}

export interface KeepSize {
  sizeBytes: number;
  /** As PostgreSQL takes it: `12GB`. */
  text: string;
  because: string;
}

/** Under this a server that writes much gives a slot up within minutes. */
const leastBytes = gb;
/** Where neither the rate nor the disk is known. */
const usualBytes = 10 * gb;
const slack = 1.2;

/**
 * The `max_slot_wal_keep_size` to set: a day of WAL and a fifth more, so that a night without streaming loses nothing;
 * never more than half of what is free, so that a slot which nobody reads can't stop the server.
 */
export function recommendedKeepBytes({ walBytesPerDay, freeBytes }: WalRate): KeepSize {
  const wanted = walBytesPerDay === null ? usualBytes : Math.max(leastBytes, walBytesPerDay * slack);
  const most = freeBytes === null ? Number.POSITIVE_INFINITY : freeBytes / 2;
  const sizeBytes = Math.min(wanted, most);
  const day =
    walBytesPerDay === null ? 'a usual day of WAL' : `a day of WAL (${bytes(walBytesPerDay)}) and more`;
  const isCut = most < wanted;
  const because = isCut ? `half of the ${bytes(freeBytes ?? 0)} that are free on the server's disk` : day;
  return { sizeBytes, text: inUnits(sizeBytes, isCut), because };
}

/** Whole GB, or MB under one; rounded down where the disk sets the limit. */
function inUnits(sizeBytes: number, down: boolean): string {
  const round = down ? Math.floor : Math.ceil;
  return sizeBytes >= gb
    ? `${round(sizeBytes / gb)}GB`
    : `${Math.max(1, Math.floor(sizeBytes / 1024 ** 2))}MB`;
}
