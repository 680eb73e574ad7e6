/** Bytes that begin or end something in SQL. Every encoding that a database can have keeps them as in ASCII. */
export const byte = {
  newline: 0x0a,
  return: 0x0d,
  quotationMark: 0x22,
  dollar: 0x24,
  apostrophe: 0x27,
  asterisk: 0x2a,
  dash: 0x2d,
  slash: 0x2f,
  backslash: 0x5c,
};

const space = ' \t\n\r\f\v';
const digits = '0123456789';
const wordBytes = `abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_${digits}`;
const beyondAscii = Array.from({ length: 0x80 }, (_, code) => String.fromCharCode(0x80 + code)).join('');

export const isSpace = setOf(space);
export const isDigit = setOf(digits);
/** What a word, and the tag of a dollar-quoted string, is made of; a word may have dollar signs after its start. */
export const isTagByte = setOf(wordBytes + beyondAscii);
export const isWordByte = setOf(`${wordBytes}$${beyondAscii}`);
/** What can be passed over where nobody wants text: it neither begins nor ends anything. */
export const isPassed = setOf(`${space}${digits},.+*=<>!~@#%^&|?:[]{}\``);

/** As `indexOf`, whose call costs more than a few comparisons; gives the chunk's length where there is none. */
export function find(chunk: Buffer, wanted: number, from: number): number {
  const near = Math.min(chunk.length, from + 32);
  for (let at = from; at < near; at++) if (chunk[at] === wanted) return at;
  const found = chunk.indexOf(wanted, near);
  return found === -1 ? chunk.length : found;
}

/** Where the first of two bytes is; the chunk's length where neither is. */
export function findEither(chunk: Buffer, one: number, other: number, from: number): number {
  let at = from;
  while (at < chunk.length && chunk[at] !== one && chunk[at] !== other) at++;
  return at;
}

/** For each byte 1 if it is a member, else 0. */
function setOf(members: string): Uint8Array {
  const set = new Uint8Array(256);
  for (const member of members) set[member.charCodeAt(0)] = 1;
  return set;
}
