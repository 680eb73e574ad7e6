import { expect } from 'vitest';
import { dumpsTo } from './processes.js';
import { patiently, type Scene } from './scene.js';

/** Sessions that anything of Holdfast's has open on the server. */
async function sessions({ cluster }: Scene): Promise<string> {
  return cluster.psql("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'holdfast%'");
}

/** Nothing of a dump goes on anywhere. */
export async function leavesNoOrphan(scene: Scene): Promise<void> {
  await expect.poll(() => dumpsTo(scene.wire.port), patiently).toEqual([]);
  await expect.poll(() => sessions(scene), patiently).toBe('0');
}
