/** PostgreSQL cuts a name to this many bytes (`NAMEDATALEN` - 1). */
const longestNameBytes = 63;

/** What a restore calls the databases beside its target: loaded into, replaced, taken back, and of a drill. */
export type RestoreNameKind = 'staging' | 'before' | 'undone' | 'drill';

/**
 * `{target}__{kind}_{timestamp}` within 63 bytes of UTF-8, and none of `taken`. A target that is too long is cut
 * between characters and followed by a digest of its whole name, so that no two targets share a name.
 */
export function restoreName(
  target: string,
  kind: RestoreNameKind,
  timestamp: string,
  taken: Iterable<string> = [],
): string {
  const others = new Set(taken);
  for (let count = 1; ; count++) {
    const name = shorten(target, `__${kind}_${timestamp}${count === 1 ? '' : `_${count}`}`);
    if (!others.has(name)) return name;
  }
}

/** Length in UTF-8. */
export function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

function shorten(target: string, suffix: string): string {
  if (byteLength(target) + byteLength(suffix) <= longestNameBytes) return target + suffix;
  const end = `~${digest(target)}${suffix}`;
  return cut(target, longestNameBytes - byteLength(end)) + end;
}

function cut(text: string, maxBytes: number): string {
  let kept = '';
  let bytes = 0;
  for (const character of text) {
    bytes += byteLength(character);
    if (bytes > maxBytes) break;
    kept += character;
  }
  return kept;
}

/** FNV-1a, 32 bits, as 8 hexadecimal digits: tells names apart, keeps no secret. */
function digest(text: string): string {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash.toString(16).padStart(8, '0');
}
