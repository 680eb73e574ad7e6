import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClusterConfig } from '../config/config.js';
import { sha256 } from '../sha256.js';

/**
 * Where monitoring remembers what it told of a cluster: not in the repository, which may be what is missing. The same
 * folder with and without Temporal, and whatever the settings of the connection are.
 */
export async function monitoringFolder(
  stateDir: string,
  { name, repositoryPath }: Pick<ClusterConfig, 'name' | 'repositoryPath'>,
): Promise<string> {
  const place = sha256(repositoryPath).slice(0, 12);
  const folder = join(stateDir, 'monitoring', `${name}-${place}`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  return folder;
}
