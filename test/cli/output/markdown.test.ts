import { expect, test } from 'vitest';
import { renderMarkdown } from '../../../src/cli/output/markdown.js';

test('signs of Markdown are gone, and the words stay', () => {
  const text = [
    'Backup `a_b` of **x**',
    '**Evidence: `d1`**',
    '',
    '### Proven',
    '- not \\*so\\*, pg\\_stat\\_file `c:\\d`',
  ];
  expect(renderMarkdown(text.join('\n'))).toBe(
    'Backup a_b of **x**\nEvidence: d1\n\nProven\n- not *so*, pg_stat_file c:\\d',
  );
});

test('a table has columns, numbers at the right', () => {
  const text = '| table | rows now |\n|---|---:|\n| `public.orders` | 1,234 |\n| `b` | – |\nafter';
  expect(renderMarkdown(text)).toBe(
    ['  table          rows now', '  public.orders     1,234', '  b                     –', 'after'].join(
      '\n',
    ),
  );
});

test('headings and bold lines stand out where there is colour', () => {
  expect(renderMarkdown('## a\n**b**\nc', { color: true })).toBe(
    '\u001b[1ma\u001b[22m\n\u001b[1mb\u001b[22m\nc',
  );
});

test('a name drives no terminal', () => {
  expect(renderMarkdown('`\u001b[2J` \u202e\n| `\u001b[1m` |\n|---|')).toBe('\\x1b[2J \\u202e\n  \\x1b[1m');
});
