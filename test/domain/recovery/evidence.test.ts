import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseTablespace } from '../../../src/cli/recovery/arguments.js';
import { defaultPolicy, protectedPolicy } from '../../../src/domain/approval/policy.js';
import { strictestPolicy } from '../../../src/domain/backup/cluster-policy.js';
import { longestMarkdownBytes } from '../../../src/domain/markdown-words.js';
import type { RecoveryEvidence } from '../../../src/domain/recovery/evidence.js';
import { recoveryEvidenceMarkdown } from '../../../src/domain/recovery/evidence-markdown.js';

const evidence: RecoveryEvidence = {
  cluster: 'default',
  standing: {
    ...{ path: '/srv/pg/main', identity: '1:2', pgVersion: '15', state: 'shut down', systemIdentifier: '7' },
    ...{
      checkpointLsn: '0/5000028',
      checkpointAt: '2026-01-02T04:00:00.000Z',
      timeline: 1,
      unreadable: null,
    },
    ...{ unarchivedSegments: 2, walFolder: null, tablespaces: [] },
    ...{ sizeBytes: 1 << 30, previous: '/srv/pg/main__before_20260102_050000', isSameCluster: true },
  },
  recovered: {
    ...{
      path: '/srv/pg/main.recovering_20260102_050000',
      base: 'base_20260101_020000',
      systemIdentifier: '7',
    },
    ...{ target: '2026-01-02 02:00:00+00', stopReason: 'before commit of transaction 726' },
    ...{ replayedTo: '2026-01-02T01:30:00.000Z', replayedLsn: '0/4000028', timeline: 2, segments: 3 },
    ...{ state: 'shut down', databaseCount: 1, tablespaces: [] },
    databases: [{ name: 'shop', sizeBytes: 8 << 20, tables: 12, estimatedRows: 100 }],
  },
  window: { from: '2026-01-01T02:01:00.000Z', to: '2026-01-02T03:00:00.000Z', gaps: [] },
  ...{ assertions: [], amcheck: null, warnings: [] },
};
const markdown = (more: Partial<RecoveryEvidence> = {}) =>
  recoveryEvidenceMarkdown({ ...evidence, ...more }, 'd1');
const standing = (more: Partial<RecoveryEvidence['standing']>) =>
  markdown({ standing: { ...evidence.standing, ...more } });

test('an approver sees what is there, what would be missing after, and what was proven', () => {
  for (const part of [
    'what is there now would be kept as `/srv/pg/main__before_20260102_050000`',
    'the same cluster as was backed up (system 7)',
    'PostgreSQL 15, 1.0 GB, “shut down”',
    'What was committed after 2026-01-02T01:30:00.000Z; its last checkpoint is 3 h later.',
    '2 segments of its WAL are in no archive',
    'From base backup `base_20260101_020000`, every byte verified, and 3 segments',
    '| `shop` | 8.0 MB | 12 |',
    '**Evidence: `d1`**',
  ])
    expect(markdown()).toContain(part);
});

test('another cluster, one that crashed and one that can’t be read are set off', () => {
  expect(standing({ isSameCluster: false, systemIdentifier: '8' })).toContain(
    '**ANOTHER cluster** than was backed up: system 8, not 7',
  );
  expect(standing({ state: 'in production' })).toContain('it was not shut down');
  expect(markdown()).not.toContain('it was not shut down');
  const unreadable = { unreadable: 'pg_controldata: no', state: null, isSameCluster: null };
  expect(standing(unreadable)).toContain('its control file can’t be read: pg\\_controldata: no');
});

const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 400 }),
  fc.constant('|`\n# x'),
  fc.constant('é'.repeat(4000)),
);

test('the Markdown stays small, and no name breaks out of its cell, whatever the evidence holds', () => {
  fc.assert(
    fc.property(fc.array(hostile, { maxLength: 120 }), hostile, (words, name) => {
      const text = markdown({
        cluster: name,
        standing: { ...evidence.standing, path: name, walFolder: name, unreadable: name, tablespaces: words },
        recovered: {
          ...evidence.recovered,
          ...{ target: name, stopReason: name, tablespaces: words },
          databases: words.map((each) => ({ name: each, sizeBytes: 1, tables: 1, estimatedRows: null })),
        },
        assertions: words.map((each) => ({ name: each, expected: each, found: each, ok: true })),
        warnings: words,
      });
      expect(new TextEncoder().encode(text).length).toBeLessThanOrEqual(longestMarkdownBytes);
      const cells = text.split('\n').filter((each) => each.startsWith('| `'));
      for (const row of cells) expect(row.match(/(?<!\\)\|/g)?.length).toBe(4);
      expect(text).toContain('`d1`');
    }),
    { numRuns: 30 },
  );
});

test('a cluster asks for all that one of its databases asks for', () => {
  expect(strictestPolicy(defaultPolicy, [])).toEqual(defaultPolicy);
  expect(strictestPolicy(defaultPolicy, [defaultPolicy, protectedPolicy])).toMatchObject({
    protected: true,
    requesterMayApprove: false,
  });
  const named = (...allowedApprovers: string[]) => ({ ...defaultPolicy, allowedApprovers });
  const two = { ...named('ann', 'bob'), approvers: 2, deadlineMinutes: 30, reminderMinutes: 10 };
  expect(strictestPolicy(named('bob', 'cyd'), [two])).toMatchObject({
    ...{ approvers: 2, deadlineMinutes: 30, reminderMinutes: 10, allowedApprovers: ['bob'] },
  });
  expect(strictestPolicy(defaultPolicy, [named('ann')]).allowedApprovers).toEqual(['ann']);
});

test.each([
  ['fast=/srv/fast', { from: 'fast', to: '/srv/fast' }],
  ['/old/a\\=b=/new/c=d', { from: '/old/a=b', to: '/new/c=d' }],
  ['/old', undefined],
  ['=/new', undefined],
  ['/old=', undefined],
])('--tablespace %s', (text, wish) => {
  expect(parseTablespace(text)).toEqual(wish);
});
