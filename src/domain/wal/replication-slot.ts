import { nameDigest } from '../name-digest.js';
import { bytes } from '../sizes.js';
import { longestNameBytes } from '../sql-name.js';

const ownPrefix = 'holdfast_';

/**
 * The name of the replication slot by which one host streams a cluster's WAL: `holdfast_main_db1`. Slots are named in
 * lower-case letters, digits and `_`: where that changes a name, a digest keeps two of them apart.
 */
export function slotName(cluster: string, host: string): string {
  const plain = `${ownPrefix}${cluster}_${host}`;
  const fit = plain.toLowerCase().replace(/[^a-z0-9_]/g, '_');
  if (fit === plain && plain.length <= longestNameBytes) return plain;
  return `${fit.slice(0, longestNameBytes - 9)}_${nameDigest(plain)}`;
}

/** Whether a replication slot is one of Holdfast's, by its name. */
export function isOwnSlot(name: string): boolean {
  return name.startsWith(ownPrefix);
}

/** A replication slot as the server tells of it. */
export interface SlotFacts {
  name: string;
  /** Whether somebody streams by it now. */
  isActive: boolean;
  /** What was received and made durable; null where the slot has kept nothing yet, or keeps it no more. */
  restartLsn: string | null;
  /** `lost`: the server has removed WAL that it should have kept, and the slot is of no use any more. */
  walStatus: 'reserved' | 'extended' | 'unreserved' | 'lost' | null;
  /** WAL on the server from there on. */
  keptBytes: number;
}

/** Under this a server that writes much gives a slot up within minutes. */
const smallKeptBytes = 1024 ** 3;

/** What to say of `max_slot_wal_keep_size`: in bytes, or null for no limit. */
export function keepSizeWarning(maxKeptBytes: number | null): string | undefined {
  if (maxKeptBytes === null) {
    return 'max_slot_wal_keep_size is -1: while nobody streams, the WAL that the slot keeps can fill the server’s disk; set it to what the disk can spare';
  }
  if (maxKeptBytes >= smallKeptBytes) return undefined;
  return `max_slot_wal_keep_size is ${bytes(maxKeptBytes)}: when streaming pauses for more WAL than that, the slot is lost and a new base backup taken; 1 GB or more is better`;
}

/** What to say of slots by which nobody streams; those of others are not ours to judge. */
export function idleSlotWarnings(slots: readonly SlotFacts[]): string[] {
  return slots
    .filter(({ name, isActive }) => isOwnSlot(name) && !isActive)
    .map(({ name, keptBytes }) => {
      return `nobody streams by replication slot ${name}, for which the server keeps ${bytes(keptBytes)} of WAL: \`holdfast wal stream\` goes on with it, \`holdfast wal stream --stop --drop-slot\` removes it`;
    });
}
