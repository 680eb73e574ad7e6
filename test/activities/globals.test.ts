import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, test } from 'vitest';
import { draftName } from '../../activities/backup/draft.js';
import { createDumpActivities } from '../../activities/dump.js';
import { loadConfig } from '../../src/config/load.js';
import { openRepository } from '../../src/repository/open-repository.js';
import { startCluster } from '../support/cluster.js';
import { createWorkplace } from '../support/holdfast.js';

test('an attempt at globals that wakes after its run has ended leaves nothing', async () => {
  await using cluster = await startCluster();
  await using place = await createWorkplace({ ...cluster.env, PG_BIN_DIR: cluster.binDir });
  const config = await loadConfig({ env: place.env, cwd: place.folder });
  const cleanedUp = config.clusters.default;
  if (!cleanedUp) throw new Error('no default cluster');
  const repository = openRepository(cleanedUp);
  const { dumpGlobals } = createDumpActivities({ config, logOptions: { destination: 'none', secrets: [] } });
  const environment = new MockActivityEnvironment();
  const { runId } = environment.context.info.workflowExecution ?? { runId: '' };
  const step = {
    cluster: 'default',
    database: 'postgres',
    startedAt: new Date().toISOString(),
    dumpAttempt: 1,
  };
  await repository.prepare();

  await repository.writePartial(draftName(runId, 1), '{}');
  await environment.run(dumpGlobals, step);
  expect(await readdir(join(place.backupDir, 'full'))).toHaveLength(2);

  await repository.removePartials(runId);
  await expect(environment.run(dumpGlobals, step)).rejects.toMatchObject({ type: 'DumpInterrupted' });
  expect(await readdir(join(place.backupDir, 'full'))).toEqual([]);
});
