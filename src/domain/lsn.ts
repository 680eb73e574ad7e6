import { HoldfastError } from './errors.js';

/** A position in the write-ahead log as PostgreSQL prints it: `0/16B3748`. */
export type LsnText = string;

/** The byte position that `0/16B3748` stands for; undefined when it is none. */
export function readLsn(text: LsnText): bigint | undefined {
  const match = /^([0-9A-F]{1,8})\/([0-9A-F]{1,8})$/i.exec(text);
  return match ? (BigInt(`0x${match[1]}`) << 32n) | BigInt(`0x${match[2]}`) : undefined;
}

/** {@link readLsn} where it must be one. @throws HoldfastError `ConfigurationInvalid` */
export function requireLsn(text: LsnText): bigint {
  const position = readLsn(text);
  if (position !== undefined) return position;
  throw new HoldfastError('ConfigurationInvalid', {
    attempted: 'read a position of the write-ahead log',
    cause: `${JSON.stringify(text)} is none`,
    remedy: 'give two hexadecimal numbers, as in 0/16B3748',
  });
}

/** A byte position as PostgreSQL prints it. */
export function showLsn(position: bigint): LsnText {
  const hex = (half: bigint) => half.toString(16).toUpperCase();
  return `${hex(position >> 32n)}/${hex(position & 0xffff_ffffn)}`;
}
