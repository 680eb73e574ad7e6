import { execFile } from 'node:child_process';
import { open, stat } from 'node:fs/promises';
import { promisify } from 'node:util';

/** What a program was when it told its version. */
interface Known {
  identity: string;
  words: string;
}

/** Where the system lacks what one more process needs: that says nothing of the program. */
const shortages = new Set(['EMFILE', 'ENFILE', 'EAGAIN', 'ENOMEM']);

const known = new Map<string, Known>();

/**
 * What a program prints when it is asked for its `--version`; undefined when it doesn't run, or fails. It is asked
 * once as long as its file stays the same: a worker backs up many databases. Scripts are asked each time, for what
 * they run is not in their file.
 * @throws the system's error, with its `code`, where it could not start one more process
 */
export async function programVersion(path: string, env: Record<string, string>): Promise<string | undefined> {
  const identity = await identityOf(path);
  const before = known.get(path);
  if (identity !== undefined && before?.identity === identity) return before.words;
  const all = await ask(path, env);
  if (all === undefined) return undefined;
  if (identity !== undefined) known.set(path, { identity, words: all });
  return all;
}

/** Not by execa: where there are no descriptors left for its pipes, it would end this process. */
async function ask(path: string, env: Record<string, string>): Promise<string | undefined> {
  try {
    const asked = promisify(execFile)(path, ['--version'], { env, timeout: 10_000 });
    asked.child.stdin?.end();
    const { stdout, stderr } = await asked;
    return `${stdout}${stderr}`.trimEnd();
  } catch (error) {
    if (shortages.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    return undefined;
  }
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
