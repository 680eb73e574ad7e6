import { expect, test } from 'vitest';
import { renderTable } from '../../../src/cli/output/table.js';

const header = ['ID', 'DATABASE', 'SIZE'];
const rows = [
  ['shop_full_20260101_020000', 'shop', '142 MB'],
  ['crm_full_20260101_020000', 'crm', '9 kB'],
];

test('columns are aligned without borders, numbers at the right, no line ending in blanks', () => {
  expect(renderTable(header, rows, { right: [2] })).toBe(
    [
      'ID                         DATABASE    SIZE',
      'shop_full_20260101_020000  shop      142 MB',
      'crm_full_20260101_020000   crm         9 kB',
    ].join('\n'),
  );
});

test('there may be no header, no rows, and rows of different length', () => {
  expect(renderTable(null, [['database', 'shop'], ['file'], ['', 'x']])).toBe(
    'database  shop\nfile\n          x',
  );
  expect(renderTable(header, [])).toBe('ID  DATABASE  SIZE');
  expect(renderTable(null, [])).toBe('');
});

test('in a narrow terminal the widest column wraps and nothing is cut off', () => {
  const long = [['x'.repeat(63), 'y'.repeat(40), '1'], ...rows];
  const lines = renderTable(header, long, { right: [2], width: 80 }).split('\n');
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  const text = lines.join('');
  expect(text.match(/x/g)).toHaveLength(63);
  expect(text.match(/y/g)).toHaveLength(40);
  expect(lines).toContainEqual(expect.stringMatching(/^shop_full_20260101_020000 .* 142 MB$/));
});

test('in a narrow terminal what is copied stays whole, the columns beside it give way', () => {
  const id = `${'x'.repeat(40)}_full_20260101_020000`;
  const [, first, second] = renderTable(['ID', 'BECAUSE'], [[id, 'it is older than 30 days']], {
    ...{ whole: [0], width: 75 },
  }).split('\n');
  expect(first).toMatch(new RegExp(`^${id}  it is `));
  expect(second).toMatch(/^ {63}\w/);
  const narrower = renderTable(null, [[id, 'older than all']], { whole: [0], width: 60 });
  expect(narrower).toBe(`${id}  older than all`);
});

test('wide characters keep the columns aligned', () => {
  const [first = '', second = ''] = renderTable(null, [
    ['東京', 'x'],
    ['abcd', 'y'],
  ]).split('\n');
  expect(first).toBe('東京  x');
  expect(second).toBe('abcd  y');
});

test('a name cannot drive the terminal or break out of its row', () => {
  const text = renderTable(['ID'], [['a\u001b[31m\nb\u202e']]);
  expect(text).toBe('ID\na\\x1b[31m\\nb\\u202e');
});
