import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { createDrillDatabaseActivities } from '../../../activities/drill/database.js';
import { createDrillPlanActivities } from '../../../activities/drill/plan.js';
import { createDrillRecoveryActivities } from '../../../activities/drill/recovery.js';
import { drillWords } from '../../../src/cli/operation/step-words.js';
import { loadConfig } from '../../../src/config/load.js';

test('every step of a drill has words', async () => {
  const deps = {
    config: await loadConfig({ env: {}, cwd: tmpdir() }),
    logOptions: { destination: 'none', secrets: [] },
  } as const;
  const steps = [createDrillDatabaseActivities, createDrillPlanActivities, createDrillRecoveryActivities];
  const names = steps.flatMap((create) => Object.keys(create(deps)));
  expect(names).toHaveLength(6);
  expect(names.filter((name) => !(name in drillWords))).toEqual([]);
});
