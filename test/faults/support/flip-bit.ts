import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cluster } from '../../support/cluster.js';

/** Flips a bit in the middle of the sixth page of a relation, whose file is as `pg_relation_filepath` tells it. */
export async function flipBit({ dataDir }: Pick<Cluster, 'dataDir'>, file: string): Promise<void> {
  const handle = await open(join(dataDir, file), 'r+');
  const at = 5 * 8192 + 4096;
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, at);
  await handle.write(Buffer.of((buffer[0] ?? 0) ^ 1), 0, 1, at);
  await handle.close();
}
