/** A gzip member's header without optional fields, and its trailer (CRC-32 and length): RFC 1952. */
export const plainHeaderBytes = 10;
export const trailerBytes = 8;

const extraFlag = 4;
/** Bytes of an extra field's length, and of a subfield's name and length. */
const lengthBytes = 2;
const subfieldHeaderBytes = 4;

/** What a reader needs to know of a gzip member before it reads it. */
export interface GzipMember {
  /** The whole member's size in the file, where its header tells; undefined in ordinary gzip files. */
  sizeBytes: number | undefined;
}

/**
 * The header of a member whose deflated data takes `deflatedBytes`, in the subfield `MZ` of MiGz
 * (https://github.com/linkedin/migz): four bytes, little-endian.
 */
export function headerWithSize(deflatedBytes: number): Buffer {
  const header = Buffer.from([
    0x1f,
    0x8b,
    8,
    extraFlag,
    0,
    0,
    0,
    0,
    0,
    0xff,
    8,
    0,
    0x4d,
    0x5a,
    4,
    0,
    0,
    0,
    0,
    0,
  ]);
  header.writeUInt32LE(deflatedBytes, header.length - 4);
  return header;
}

/** How many bytes from a member's start on {@link readHeader} needs; undefined when no gzip member starts so. */
export function headerBytes(start: Buffer): number | undefined {
  if (start.length < plainHeaderBytes || start[0] !== 0x1f || start[1] !== 0x8b || start[2] !== 8)
    return undefined;
  if (!hasExtra(start)) return plainHeaderBytes;
  const extraStart = plainHeaderBytes + lengthBytes;
  return start.length < extraStart ? extraStart : extraStart + start.readUInt16LE(plainHeaderBytes);
}

/** Reads a header of the bytes that {@link headerBytes} asked for. Knows MiGz' `MZ` and, of bgzip, `BC`. */
export function readHeader(header: Buffer): GzipMember {
  if (!hasExtra(header)) return { sizeBytes: undefined };
  let at = plainHeaderBytes + lengthBytes;
  while (at + subfieldHeaderBytes <= header.length) {
    const name = header.toString('latin1', at, at + 2);
    const length = header.readUInt16LE(at + 2);
    const value = header.subarray(at + subfieldHeaderBytes, at + subfieldHeaderBytes + length);
    if (name === 'MZ' && value.length === 4 && isOnlyExtra(header)) {
      return { sizeBytes: header.length + value.readUInt32LE() + trailerBytes };
    }
    if (name === 'BC' && value.length === 2) return { sizeBytes: value.readUInt16LE() + 1 };
    at += subfieldHeaderBytes + length;
  }
  return { sizeBytes: undefined };
}

function hasExtra(header: Buffer): boolean {
  return ((header[3] ?? 0) & extraFlag) !== 0;
}

/** MiGz counts the deflated data alone: after a file name or a comment we would not know where that starts. */
function isOnlyExtra(header: Buffer): boolean {
  return header[3] === extraFlag;
}
