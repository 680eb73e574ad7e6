import { type Lsn, lsnOf } from './wal-position.js';

/** Bytes of the header that begins a segment (XLogLongPageHeaderData), the same since PostgreSQL 9.3. */
export const pageHeaderBytes = 40;

/** What the first page of a segment says of itself. */
export interface PageHeader {
  /** The format of the log, which every major version has its own of (XLOG_PAGE_MAGIC). */
  magic: number;
  timeline: number;
  pageAddress: Lsn;
  /** In decimal, as PostgreSQL prints it. */
  systemIdentifier: string;
  segmentSizeBytes: number;
}

const magicOfMajor: Readonly<Record<number, number>> = {
  14: 0xd10d,
  15: 0xd110,
  16: 0xd113,
  17: 0xd116,
  18: 0xd118,
};

const longHeader = 0x0002;

/** Whether a server of that major version writes this magic; any plausible one for versions that we don't know. */
export function isMagicOf(magic: number, serverMajor: number): boolean {
  const expected = magicOfMajor[serverMajor];
  return expected === undefined ? magic >> 8 === 0xd1 : magic === expected;
}

/**
 * Reads the header that begins a segment; undefined when there is none. Servers write it in their own byte order, which
 * the magic gives away.
 */
export function parsePageHeader(bytes: Uint8Array): PageHeader | undefined {
  if (bytes.length < pageHeaderBytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, pageHeaderBytes);
  const isLittle = view.getUint8(1) === 0xd1;
  if (!isLittle && view.getUint8(0) !== 0xd1) return undefined;
  if ((view.getUint16(2, isLittle) & longHeader) === 0) return undefined;
  return {
    magic: view.getUint16(0, isLittle),
    timeline: view.getUint32(4, isLittle),
    pageAddress: lsnOf(view.getBigUint64(8, isLittle)),
    systemIdentifier: view.getBigUint64(24, isLittle).toString(),
    segmentSizeBytes: view.getUint32(32, isLittle),
  };
}
