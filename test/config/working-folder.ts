import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../../src/config/config.js';
import { loadConfig } from '../../src/config/load.js';
import { HoldfastError } from '../../src/domain/errors.js';

/** A working folder with the files given, read with no environment but the one given. */
export interface WorkingFolder {
  path: string;
  write(name: string, content: string): Promise<string>;
  load(env?: Record<string, string>, file?: string): Promise<Config>;
  /** The error of a load that must fail, as lines: one a wrong setting. */
  problems(env?: Record<string, string>, file?: string): Promise<string[]>;
  remove(): Promise<void>;
}

export async function createWorkingFolder(): Promise<WorkingFolder> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'holdfast-config-')));
  const load = (env: Record<string, string> = {}, file?: string) => loadConfig({ env, cwd: path, file });
  return {
    path,
    load,
    async write(name, content) {
      await writeFile(join(path, name), content);
      return join(path, name);
    },
    async problems(env, file) {
      const error = await load(env, file).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (!(error instanceof HoldfastError)) throw new Error('the settings were taken');
      if (error.type !== 'ConfigurationInvalid') throw error;
      const [first = '', ...rest] = error.story.cause.split('\n');
      return rest.length > 0 ? rest : [first];
    },
    remove: () => rm(path, { recursive: true }),
  };
}
