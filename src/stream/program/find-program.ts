import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';

/** The directories of PATH, in order; relative ones are left out, since they depend on where one stands. */
export function pathDirectories(): string[] {
  return (process.env.PATH ?? '').split(delimiter).filter((directory) => isAbsolute(directory));
}

/** The full path of a program, from the first directory that has it; undefined when none has. */
export async function findProgram(
  name: string,
  directories = pathDirectories(),
): Promise<string | undefined> {
  for (const directory of directories) {
    const path = join(directory, name);
    if (await isExecutableFile(path)) return path;
  }
  return undefined;
}

async function isExecutableFile(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
