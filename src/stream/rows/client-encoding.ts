/** Names of PostgreSQL's server encodings (manual, "Character Set Support") in the words of the Encoding Standard. */
const labels: Record<string, string> = {
  UTF8: 'utf-8',
  EUC_CN: 'gbk',
  EUC_JP: 'euc-jp',
  EUC_KR: 'euc-kr',
  KOI8R: 'koi8-r',
  KOI8U: 'koi8-u',
  LATIN1: 'iso-8859-1',
  LATIN2: 'iso-8859-2',
  LATIN3: 'iso-8859-3',
  LATIN4: 'iso-8859-4',
  LATIN5: 'iso-8859-9',
  LATIN6: 'iso-8859-10',
  LATIN7: 'iso-8859-13',
  LATIN8: 'iso-8859-14',
  LATIN9: 'iso-8859-15',
  LATIN10: 'iso-8859-16',
  WIN866: 'ibm866',
  WIN874: 'windows-874',
};

/** In these, bytes of a character of several bytes may look like a quote, a backslash or a line break's neighbour. */
const ambiguous = new Set(['BIG5', 'GBK', 'GB18030', 'JOHAB', 'SJIS', 'SHIFT_JIS_2004', 'UHC']);

/** Whether text in `encoding` can be split without decoding it: so in every encoding that a database can have. */
export function isSafelySplit(encoding: string): boolean {
  return !ambiguous.has(encoding.toUpperCase());
}

/** Decodes a name, given one character a byte, from the dump's `client_encoding`. */
export function decodeName(byteString: string, encoding: string): string {
  const bytes = Buffer.from(byteString, 'latin1');
  for (const label of [labelOf(encoding.toUpperCase()), 'utf-8']) {
    try {
      return new TextDecoder(label, { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      // An encoding that this runtime lacks, or bytes that aren't of it, as SQL_ASCII may hold.
    }
  }
  return byteString;
}

function labelOf(encoding: string): string {
  const windows = /^WIN(125\d)$/.exec(encoding);
  const iso = /^ISO_8859_(\d+)$/.exec(encoding);
  if (windows) return `windows-${windows[1]}`;
  return iso ? `iso-8859-${iso[1]}` : (labels[encoding] ?? 'utf-8');
}
