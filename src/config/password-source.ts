import { readFile } from 'node:fs/promises';
import { messageOf } from '../domain/errors.js';
import type { Problem } from './problem.js';
import type { EnvironmentReading } from './read-environment.js';
import type { FileReading } from './read-file.js';
import { resolvePath } from './resolve-path.js';

/** Where holdfast.yaml says that a password is: never in it. */
export interface NamedPassword {
  passwordFile?: string | undefined;
  passwordEnv?: string | undefined;
}

export interface PasswordSources {
  environment: EnvironmentReading;
  file: FileReading;
  /** Whether this machine needs the password. */
  isHere: boolean;
}

export interface ReadPassword {
  password?: string;
  key: keyof NamedPassword;
  problems: Problem[];
}

/** A password that is not on this machine is wrong only where this machine needs it. */
export async function readPassword(
  { passwordFile, passwordEnv }: NamedPassword,
  prefix: readonly string[],
  { environment, file, isHere }: PasswordSources,
): Promise<ReadPassword> {
  const problem = (key: ReadPassword['key'], complaint: string, allowed: string): ReadPassword => {
    const field = [...prefix, key].join('.');
    return {
      key,
      problems: isHere ? [{ field, complaint, allowed, origin: file.originOf([...prefix, key]) }] : [],
    };
  };
  if (passwordFile !== undefined && passwordEnv !== undefined) {
    return problem('passwordEnv', 'passwordFile is set too', 'one of the two');
  }
  if (passwordEnv !== undefined) {
    const password = environment.all[passwordEnv];
    if (password) return { password, key: 'passwordEnv', problems: [] };
    // Somebody may have written the password itself here, which must not be shown.
    const name = /^[A-Z_][A-Z0-9_]*$/.test(passwordEnv)
      ? `the variable ${passwordEnv}`
      : 'the variable it names';
    return problem('passwordEnv', `${name} is not set`, 'the name of a variable that is set');
  }
  const path = resolvePath(passwordFile, file.folder);
  if (path === undefined) return { key: 'passwordFile', problems: [] };
  try {
    const password = (await readFile(path, 'utf8')).replace(/\r?\n$/, '');
    if (password !== '') return { password, key: 'passwordFile', problems: [] };
    return problem('passwordFile', `${path} is empty`, 'a file that holds the password');
  } catch (error) {
    return problem('passwordFile', messageOf(error), 'a readable file');
  }
}
