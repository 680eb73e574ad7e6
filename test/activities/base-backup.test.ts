import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, test, vi } from 'vitest';
import { createBaseActivities } from '../../activities/base-backup.js';
import { loadConfig } from '../../src/config/load.js';
import { type BaseBackupSummary, positionOf } from '../../src/domain/wal/base-backup.js';
import { lastSegmentNumberBefore, segmentName } from '../../src/domain/wal/wal-segment.js';
import { baseRepository } from '../../src/repository/base/base-repository.js';
import { walLayout } from '../../src/repository/local/wal/wal-layout.js';
import { startCluster } from '../support/cluster.js';
import { createWorkplace } from '../support/holdfast.js';
import { patience } from '../support/patience.js';

test('a base backup ends when the WAL that it ends in is there, which a stream may bring later', async () => {
  await using cluster = await startCluster();
  await using place = await createWorkplace({ ...cluster.env, PG_BIN_DIR: cluster.binDir });
  const config = await loadConfig({ env: place.env, cwd: place.folder });
  const bases = baseRepository(place.backupDir, 'default');
  await bases.prepare();
  const { takeBaseBackup } = createBaseActivities({
    config,
    logOptions: { destination: 'none', secrets: [] },
  });
  const step = { cluster: 'default', startedAt: new Date().toISOString(), id: 'base_20260102_030405' };
  let hasEnded = false;
  const taken = new MockActivityEnvironment().run(takeBaseBackup, step).finally(() => {
    hasEnded = true;
  }) as Promise<BaseBackupSummary>;
  const published = await vi.waitUntil(async () => (await bases.list()).bases[0], patience);
  await delay(500);
  expect(hasEnded).toBe(false);

  const { timeline, stopLsn, walSegmentSizeBytes } = published;
  const number = lastSegmentNumberBefore(positionOf(stopLsn), walSegmentSizeBytes);
  const { wal } = walLayout(place.backupDir);
  await mkdir(wal, { recursive: true });
  const segment = join(wal, segmentName({ timeline, number }, walSegmentSizeBytes));
  await writeFile(segment, Buffer.alloc(walSegmentSizeBytes));
  expect(await taken).toEqual(published);
});
