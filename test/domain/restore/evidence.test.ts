import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { longestMarkdownBytes } from '../../../src/domain/markdown-words.js';
import { compareCounts, compareWithTarget } from '../../../src/domain/restore/compare-tables.js';
import {
  canonicalJson,
  evidenceDigest,
  provenProblems,
  type RestoreEvidence,
} from '../../../src/domain/restore/evidence.js';
import { evidenceMarkdown } from '../../../src/domain/restore/evidence-markdown.js';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

const table = (name: string, rows: number) => ({ schema: 'public', table: name, rows });

const evidence: RestoreEvidence = {
  inPlace: false,
  backup: {
    id: 'shop_full_20250607_080910',
    checksum: 'ab'.repeat(32),
    takenAt: '2025-06-07T08:09:10Z',
    ageSeconds: 7200,
  },
  target: {
    cluster: 'default',
    systemIdentifier: '7',
    name: 'shop',
    oid: 5,
    sizeBytes: 9_000_000,
    sessions: 3,
  },
  staging: { name: 'shop__staging_20250607_080910', oid: 6, sizeBytes: 8_000_000, tables: 2, rows: 30 },
  counts: compareCounts([table('a', 10), table('b', 20)], [table('a', 10), table('b', 20)]),
  objects: { tables: 2, views: 1 },
  extensions: [{ name: 'plpgsql', version: '1.0' }],
  missingExtensions: [],
  invalidIndexes: [],
  unvalidatedConstraints: [],
  assertions: [{ name: 'has users', expected: 't', found: 't', ok: true }],
  space: { neededBytes: 8_000_000, freeBytes: 90_000_000, unknownBecause: null },
  createdRoles: [],
  difference: compareWithTarget([table('a', 12), table('gone', 3)], [table('a', 10), table('b', 20)], true),
  properties: [{ property: 'connection limit', before: '50', after: 'none' }],
  warnings: [],
  blockers: [],
};

test('a restore with every count, index, extension and assertion right is proven', () => {
  expect(provenProblems(evidence)).toEqual([]);
});

describe('K2 a restore is not proven with', () => {
  const a = table('a', 10);
  test.for<[string, Partial<RestoreEvidence>, string]>([
    ['fewer rows', { counts: compareCounts([a], [table('a', 9)]) }, 'public.a: 9 rows instead of 10 rows'],
    ['more rows', { counts: compareCounts([a], [table('a', 11)]) }, 'public.a: 11 rows instead of 10 rows'],
    ['a table gone', { counts: compareCounts([a], []) }, 'public.a: no table instead of 10 rows'],
    ['a table too many', { counts: compareCounts([], [a]) }, 'public.a: 10 rows instead of no table'],
    ['tables that nobody compared', { counts: compareCounts([], []) }, 'only 0 of 2 tables were compared'],
    ['an extension missing', { missingExtensions: ['postgis'] }, 'the extension postgis is missing'],
    ['an invalid index', { invalidIndexes: ['i'] }, 'the index i is not valid'],
    [
      'an assertion that does not hold',
      { assertions: [{ name: 'n', expected: '1', found: null, ok: false }] },
      'assertion "n": found null, expected 1',
    ],
  ])('%s', ([, change, problem]) => {
    expect(provenProblems({ ...evidence, ...change })).toContain(problem);
  });
});

test('tables of extensions are counted apart: a dump holds only a part of them', () => {
  const counts = compareCounts(
    [table('a', 1)],
    [
      { ...table('a', 8500), ofExtension: true },
      { ...table('c', 1), ofExtension: true },
    ],
  );
  expect(counts).toEqual({ equalTables: 0, differences: [], differenceCount: 0, notCompared: 2 });
});

test('the difference to the target names what goes, what comes and what changes, the largest first', () => {
  const before = [
    table('same', 1),
    table('less', 10),
    table('more', 1),
    table('gone', 5),
    table('big', 1000),
  ];
  const after = [table('same', 1), table('less', 8), table('more', 4), table('new', 7), table('big', 1)];
  const found = compareWithTarget(before, after, true);
  expect(found.changes.map((change) => change.table)).toEqual([
    'public.new',
    'public.gone',
    'public.big',
    'public.more',
    'public.less',
  ]);
  expect(found).toMatchObject({
    tablesGone: 1,
    tablesNew: 1,
    tablesWithFewerRows: 2,
    tablesWithMoreRows: 1,
    tablesUnchanged: 1,
    rowsBefore: 1017,
    rowsAfter: 21,
  });
});

test('the digest does not depend on the order of keys', () => {
  const reversed = Object.fromEntries(Object.entries(evidence).reverse()) as unknown as RestoreEvidence;
  expect(evidenceDigest(reversed, sha256)).toBe(evidenceDigest(evidence, sha256));
  expect(evidenceDigest(evidence, sha256)).toMatch(/^[0-9a-f]{64}$/);
});

test('the digest changes with the backup, the target, and what was found', () => {
  const { backup, target, staging } = evidence;
  const others: RestoreEvidence[] = [
    { ...evidence, backup: { ...backup, checksum: 'cd'.repeat(32) } },
    { ...evidence, target: { ...target, oid: 55 } },
    { ...evidence, target: { ...target, name: 'shop2' } },
    { ...evidence, staging: { ...staging, rows: 31 } },
    { ...evidence, assertions: [] },
  ];
  expect(new Set([evidence, ...others].map((each) => evidenceDigest(each, sha256))).size).toBe(
    others.length + 1,
  );
});

test('canonical JSON reads back as the value it stands for', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('the Markdown shows target, digest, proof and change', () => {
  const text = evidenceMarkdown(evidence, 'd1');
  for (const part of [
    '`shop`',
    '`d1`',
    '### Proven',
    '1 of 1 assertions hold',
    'before loading: 7.6 MB needed, 86 MB free',
    'holds: has users: found t, expected t',
    '| `public.gone` | 3 | – |',
    '| `connection limit` | `50` | `none` |',
    '2 h old',
  ])
    expect(text).toContain(part);
  expect(evidenceMarkdown({ ...evidence, properties: [] }, 'd1')).toContain('privileges stay as they are');
  expect(evidenceMarkdown({ ...evidence, invalidIndexes: ['i'] }, 'd1')).toContain('### NOT proven');
});

const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 400 }),
  fc.constant('|`\n# x'),
  fc.constant('é'.repeat(400)),
);
const manyTables = fc.array(fc.record({ schema: hostile, table: hostile, rows: fc.nat() }), {
  maxLength: 120,
});

test('the Markdown stays small, and no name breaks out of its cell, whatever the evidence holds', () => {
  fc.assert(
    fc.property(
      manyTables,
      manyTables,
      fc.array(hostile, { maxLength: 100 }),
      hostile,
      (before, after, words, name) => {
        const text = evidenceMarkdown(
          {
            ...evidence,
            target: { ...evidence.target, name },
            counts: compareCounts(before, after),
            difference: compareWithTarget(before, after, false),
            properties: words.map((each) => ({ property: each, before: each, after: each })),
            invalidIndexes: words,
            warnings: words,
            createdRoles: words,
            blockers: words,
            unvalidatedConstraints: words,
            assertions: words.map((each) => ({ name: each, expected: each, found: each, ok: false })),
            extensions: words.map((each) => ({ name: each, version: each })),
          },
          'd1',
        );
        expect(new TextEncoder().encode(text).length).toBeLessThanOrEqual(longestMarkdownBytes);
        const cells = text.split('\n').filter((each) => each.startsWith('| `'));
        for (const row of cells) expect(row.match(/(?<!\\)\|/g)?.length).toBe(4);
        expect(text).toContain('`d1`');
      },
    ),
    { numRuns: 30 },
  );
});

test('evidence of a restore in place says that it can’t be undone, and is other evidence', () => {
  const inPlace = { ...evidence, inPlace: true };
  expect(evidenceMarkdown(inPlace, 'd1')).toContain('can NOT be undone');
  expect(evidenceMarkdown(inPlace, 'd1')).toContain('which is DROPPED first');
  expect(evidenceMarkdown(evidence, 'd1')).not.toContain('undone');
  expect(evidenceDigest(inPlace, sha256)).not.toBe(evidenceDigest(evidence, sha256));
});
