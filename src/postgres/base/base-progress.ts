import { Readable } from 'node:stream';

/** How far `pg_basebackup` has come. */
export interface BaseCopyProgress {
  /** Uncompressed bytes that were copied. */
  copiedBytes: number;
  /** The server's estimate of all of them. */
  totalBytes: number;
}

/** `   10/22993 kB (0%), 0/2 tablespaces (/…/base.tar.zst  )` */
const progressLine = /^\s*(\d+)\/(\d+) kB \(\d+%\)/;

/**
 * What is no progress line of the standard error of `pg_basebackup --progress`; each such line is told when it shows
 * that more was copied, so that a copy that stalls tells nothing.
 */
export function withoutProgress(
  stderr: Readable,
  onProgress: (progress: BaseCopyProgress) => void,
): Readable {
  return Readable.from(messages(stderr, onProgress));
}

async function* messages(
  stderr: Readable,
  onProgress: (progress: BaseCopyProgress) => void,
): AsyncGenerator<string> {
  let rest = '';
  let copied = -1;
  stderr.setEncoding('utf8');
  for await (const text of stderr as AsyncIterable<string>) {
    const lines = (rest + text).split(/[\r\n]/);
    rest = (lines.pop() ?? '').slice(0, 2000);
    for (const line of lines) {
      const [, copiedKb, totalKb] = progressLine.exec(line) ?? [];
      if (copiedKb === undefined) yield `${line}\n`;
      else if (Number(copiedKb) > copied) {
        copied = Number(copiedKb);
        onProgress({ copiedBytes: copied * 1024, totalBytes: Number(totalKb) * 1024 });
      }
    }
  }
  yield rest;
}
