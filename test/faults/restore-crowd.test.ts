import { readFile } from 'node:fs/promises';
import type { Client } from '@temporalio/client';
import { expect, test } from 'vitest';
import type { RestoreResult } from '../../src/domain/restore/contracts.js';
import type { RestoreEvidence } from '../../src/domain/restore/evidence.js';
import { historyLeaves } from './support/histories.js';
import { database, patience } from './support/scene.js';
import { openStage } from './support/stage.js';

/** What Temporal keeps in one piece: payloads, and messages of failures. */
const largestPiece = 64 * 1024;
const tables = 5000;

/** Names as long as they may be, of characters of three bytes each. */
const name = "rpad(i::text || '_', 24, '→')";
const each = (statement: string) =>
  `DO $$BEGIN FOR i IN 1..${tables} LOOP EXECUTE format('${statement}', ${name}); IF i % 500 = 0 THEN COMMIT; END IF; END LOOP; END$$`;

test('T5: a restore of 5,000 tables that all differ leaves small payloads and heartbeats, and a file that names them all', {
  timeout: 2 * patience.timeout,
}, async () => {
  await using crowded = await openStage({}, each('CREATE TABLE %I AS SELECT 1 AS n'));
  await using scene = await crowded.open({ STALL_TIMEOUT_SECONDS: '60' });
  await scene.cluster.psql(each('INSERT INTO %I VALUES (2)'), database);
  const beats = watchHeartbeats(scene.temporal);
  const restoring = scene.start('--json', 'restore', '--latest', database, '--yes', '--keep-previous', '0');
  const end = await restoring.end;
  expect(end.exitCode, end.stderr).toBe(0);
  const seen = await beats.stop();
  expect(seen.length).toBeGreaterThan(0);
  expect(Math.max(...seen)).toBeLessThan(largestPiece);
  const pieces = await historyLeaves(scene.temporal);
  expect(Math.max(...pieces.map(({ value }) => value.length))).toBeLessThan(largestPiece);

  const result = JSON.parse(end.stdout) as RestoreResult;
  expect(result).toMatchObject({ tables, rows: tables });
  const { evidence, every } = JSON.parse(await readFile(result.evidence.path, 'utf8')) as {
    evidence: RestoreEvidence;
    every: { fromTarget: { table: string }[] };
  };
  expect(evidence.difference).toMatchObject({ exact: true, tablesWithFewerRows: tables });
  expect(evidence.difference?.changes).toHaveLength(50);
  expect(evidence.everyDifference).toMatch(/^[0-9a-f]{64}$/);
  expect(new Set(every.fromTarget.map(({ table }) => table)).size).toBe(tables);
});

/** Lengths of the heartbeats' details of whatever runs. */
function watchHeartbeats({ client }: { client: Client }) {
  const lengths: number[] = [];
  let isOn = true;
  const watching = (async () => {
    while (isOn) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      const execution = { workflowId: `restore/default/${database}` };
      const described = await client.workflowService
        .describeWorkflowExecution({ namespace: 'default', execution })
        .catch(() => undefined);
      for (const { heartbeatDetails } of described?.pendingActivities ?? [])
        for (const { data } of heartbeatDetails?.payloads ?? []) lengths.push(data?.length ?? 0);
    }
  })();
  const stop = async () => {
    isOn = false;
    await watching;
    return lengths;
  };
  return { stop };
}
