import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** What a way of getting the Temporal CLI is given. */
export interface FetchOptions {
  onProgress: (message: string) => void;
  env: NodeJS.ProcessEnv;
}

const intervalMs = 3_000;

/** Tells `onProgress` every few seconds how long `what` has taken and how much has come into `folder`; returns its end. */
export function reportGrowth(
  what: string,
  folder: string,
  onProgress: (message: string) => void,
  onBytes: (sizeBytes: number) => void = () => {},
): () => void {
  const started = Date.now();
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  const report = async () => {
    const sizeBytes = await sizeOf(folder);
    if (isOver) return;
    onBytes(sizeBytes);
    const seconds = Math.round((Date.now() - started) / 1000);
    onProgress(`${what}: ${seconds} s, ${(sizeBytes / 1e6).toFixed(0)} MB`);
    timer = setTimeout(() => void report(), intervalMs);
  };
  timer = setTimeout(() => void report(), intervalMs);
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}

/** Disk space below `folder`; `du` counts a build cache of many thousands of files better than we could. */
async function sizeOf(folder: string): Promise<number> {
  const run = promisify(execFile)('du', ['-sk', folder]).catch((error: { stdout?: string }) => error);
  const kilobytes = Number.parseInt((await run).stdout ?? '', 10);
  return Number.isNaN(kilobytes) ? 0 : kilobytes * 1024;
}
