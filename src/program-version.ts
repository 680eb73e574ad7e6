import { open, stat } from 'node:fs/promises';
import { execa } from 'execa';

/** What a program was when it told its version. */
interface Known {
  identity: string;
  words: string;
}

const known = new Map<string, Known>();

/**
 * What a program prints when it is asked for its `--version`; undefined when it doesn't run, or fails. It is asked
 * once as long as its file stays the same: a worker backs up many databases. Scripts are asked each time, for what
 * they run is not in their file.
 */
export async function programVersion(path: string, env: Record<string, string>): Promise<string | undefined> {
  const identity = await identityOf(path);
  const before = known.get(path);
  if (identity !== undefined && before?.identity === identity) return before.words;
  const options = {
    env,
    extendEnv: false,
    stdin: 'ignore',
    reject: false,
    all: true,
    timeout: 10_000,
  } as const;
  const { all = '', failed } = await execa(path, ['--version'], options);
  if (failed) return undefined;
  if (identity !== undefined) known.set(path, { identity, words: all });
  return all;
}

/** Whether a program is a script. What may not be read is none, or it could not run. */
export async function isScript(path: string): Promise<boolean> {
  const file = await open(path).catch(() => undefined);
  if (!file) return false;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return buffer.toString('latin1', 0, bytesRead) === '#!';
  } finally {
    await file.close();
  }
}

/** Tells one state of a program's file from another; undefined for a script, and where that can't be seen. */
async function identityOf(path: string): Promise<string | undefined> {
  try {
    const { dev, ino, size, mtimeMs, ctimeMs } = await stat(path);
    return (await isScript(path)) ? undefined : [dev, ino, size, mtimeMs, ctimeMs].join(':');
  } catch {
    return undefined;
  }
}
