import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { Config } from './config.js';
import { repositoryFingerprint } from './fingerprint.js';

type Environment = Record<string, string | undefined>;

/** Where Holdfast keeps what must outlast a restart: `HOLDFAST_STATE_DIR`, else as the XDG specification has it. */
export function stateDirectory(env: Environment = process.env): string {
  return directory(env, 'HOLDFAST_STATE_DIR', 'XDG_STATE_HOME', '.local/state');
}

/** Where the history of a repository's work is kept, when Holdfast runs Temporal itself. */
export function temporalDirectory(config: Pick<Config, 'backupDir'>, env: Environment = process.env): string {
  return join(stateDirectory(env), repositoryFingerprint(config));
}

/** Where Holdfast keeps what it can fetch again: `HOLDFAST_CACHE_DIR`, else as the XDG specification has it. */
export function cacheDirectory(env: Environment = process.env): string {
  return directory(env, 'HOLDFAST_CACHE_DIR', 'XDG_CACHE_HOME', '.cache');
}

/** XDG: a relative path in its variables is invalid and to be ignored. */
function directory(env: Environment, own: string, xdg: string, inHome: string): string {
  const chosen = env[own];
  if (chosen) return isAbsolute(chosen) ? chosen : join(process.cwd(), chosen);
  const base = env[xdg];
  return join(base && isAbsolute(base) ? base : join(env.HOME || homedir(), inHome), 'holdfast');
}
