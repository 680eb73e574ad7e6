import { nameDigest } from '../name-digest.js';
import { byteLength, longestNameBytes } from '../sql-name.js';

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

function shorten(target: string, suffix: string): string {
  if (byteLength(target) + byteLength(suffix) <= longestNameBytes) return target + suffix;
  const end = `~${nameDigest(target)}${suffix}`;
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
