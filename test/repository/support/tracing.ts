import { execFileSync } from 'node:child_process';

/** Why system calls can't be traced here; undefined when they can. */
export function whyNoTracing(): string | undefined {
  return whyNot('strace', ['-f', '-e', 'trace=fsync', 'true']);
}

/** A command that runs another one in a mount namespace of its own. */
export const ownMounts = process.getuid?.() === 0 ? ['unshare', '-m'] : ['unshare', '-Urm'];

/** Why a test can't mount a small disk here; undefined when it can. */
export function whyNoMounts(): string | undefined {
  const [file = '', ...args] = ownMounts;
  return whyNot(file, [...args, 'sh', '-c', 'mount -t tmpfs -o size=1m tmpfs /mnt']);
}

function whyNot(file: string, args: string[]): string | undefined {
  try {
    execFileSync(file, args, { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    return `${file}: ${(error as Error).message.split('\n').join(' ')}`;
  }
}
