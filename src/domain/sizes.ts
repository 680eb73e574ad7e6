/** What GB means in settings and messages, as PostgreSQL has it, in bytes. */
export const gb = 1024 ** 3;

const units = ['', 'K', 'M', 'G', 'T', 'P', 'E'];

/** A size as `du -h` prints it, rounded up: `0`, `512K`, `1.4G`, `142M`. */
export function formatBytes(sizeBytes: number): string {
  let unit = 0;
  let size = sizeBytes;
  while (unit < units.length - 1 && roundUp(size, unit) >= 1024) {
    size /= 1024;
    unit += 1;
  }
  const rounded = roundUp(size, unit);
  return unit > 0 && rounded < 10 ? `${rounded.toFixed(1)}${units[unit]}` : `${rounded}${units[unit]}`;
}

const byteUnits = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** A size with PostgreSQL's units (1 kB = 1024 bytes): `512 bytes`, `1.4 GB`, `142 MB`. */
export function bytes(sizeBytes: number): string {
  let unit = 0;
  let size = Math.max(0, sizeBytes);
  while (unit < byteUnits.length - 1 && Math.round(size) >= 1024) {
    size /= 1024;
    unit += 1;
  }
  const digits = unit > 0 && size < 9.95 ? size.toFixed(1) : String(Math.round(size));
  return `${digits} ${digits === '1' && unit === 0 ? 'byte' : byteUnits[unit]}`;
}

/** The bytes that a `size_human` stands for, within its own rounding; undefined when it is not a size. */
export function parseSizeHuman(sizeHuman: string): number | undefined {
  const match = /^(\d+(?:[.,]\d+)?)\s*([KMGTPE]?)i?B?$/i.exec(sizeHuman.trim());
  if (!match) return undefined;
  const [, number = '', unit = ''] = match;
  return Math.round(Number(number.replace(',', '.')) * 1024 ** units.indexOf(unit.toUpperCase()));
}

/** One decimal below ten units, none from there on, and none for bytes. */
function roundUp(size: number, unit: number): number {
  if (unit === 0) return Math.ceil(size);
  const tenths = Math.ceil(size * 10) / 10;
  return tenths < 10 ? tenths : Math.ceil(size);
}
