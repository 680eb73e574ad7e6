/** FNV-1a, 32 bits, as 8 hexadecimal digits: tells names apart, keeps no secret. */
export function nameDigest(name: string): string {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash.toString(16).padStart(8, '0');
}
