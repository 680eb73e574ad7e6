import { expect, test } from 'vitest';
import { marksIn, openRecoveryScene } from '../../support/recovery.js';

test('a cluster is recovered whose segments are larger than half the default of min_wal_size', async () => {
  await using scene = await openRecoveryScene({ initdbArgs: ['--wal-segsize=64'] });
  await scene.cluster.psql(`INSERT INTO marks VALUES (1); SELECT pg_create_restore_point('here')`);
  await scene.archive();
  expect(await marksIn(scene, await scene.recover({ kind: 'name', name: 'here' }))).toEqual([1]);
});
