import { execFileSync } from 'node:child_process';

/** What a program says that does not run here; undefined when it does. */
export function whyNot(file: string, args: string[]): string | undefined {
  try {
    execFileSync(file, args, { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    return `${file}: ${(error as Error).message.split('\n').join(' ')}`;
  }
}

/** The end of a title that tells why its test is skipped. */
export function unless(reason: string | undefined): string {
  return reason === undefined ? '' : ` (skipped: ${reason})`;
}
