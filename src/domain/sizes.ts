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
