import { expect, test } from 'vitest';
import { tellSteps } from '../../../src/cli/operation/tell-steps.js';

test('each failed attempt is told once, and a reason once as long as it stays the same', () => {
  const notes: string[] = [];
  const progress = { show: () => {}, note: (text: string) => notes.push(text), end: () => {} };
  const see = tellSteps({ dumpDatabase: 'dumping' }, progress as never, () => {});
  for (const [attempt, lastFailure] of [
    ...[[1, undefined] as const, [2, 'no server'] as const, [2, 'no server'] as const],
    ...[[3, 'no server'] as const, [4, 'no lock'] as const],
  ])
    see({ activity: 'dumpDatabase', attempt, heartbeat: undefined, lastFailure } as never);
  expect(notes).toEqual([
    'dumping: attempt 2, since: no server',
    'dumping: attempt 3, for the same reason',
    'dumping: attempt 4, since: no lock',
  ]);
});
