declare const lsnMark: unique symbol;

/** A position in the write-ahead log, in bytes from its beginning. As text it is PostgreSQL's `16/B374D848`. */
export type Lsn = bigint & { readonly [lsnMark]: true };

const highestLsn = 2n ** 64n - 1n;

/** Reads a position as PostgreSQL writes it; undefined when it is none. */
export function parseLsn(text: string): Lsn | undefined {
  const match = /^([0-9A-F]{1,8})\/([0-9A-F]{1,8})$/i.exec(text);
  return match ? (((BigInt(`0x${match[1]}`) << 32n) | BigInt(`0x${match[2]}`)) as Lsn) : undefined;
}

/** A position as PostgreSQL 18 and older write it. */
export function formatLsn(lsn: Lsn): string {
  return `${hexadecimal(lsn >> 32n)}/${hexadecimal(lsn & 0xffffffffn)}`;
}

/** Below 0 when `a` comes before `b`, 0 when they are the same; for sorting. */
export function compareLsn(a: Lsn, b: Lsn): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** The position that many bytes from the log's beginning. Throws RangeError for one that 64 bits don't hold. */
export function lsnOf(bytes: bigint): Lsn {
  if (bytes >= 0n && bytes <= highestLsn) return bytes as Lsn;
  throw new RangeError(`${bytes} is no position in a write-ahead log`);
}

function hexadecimal(half: bigint): string {
  return half.toString(16).toUpperCase();
}
