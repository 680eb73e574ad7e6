import { expect, test } from 'vitest';
import { leftOutWords } from '../../../src/cli/backup/left-out.js';
import type { LeftOutDatabase } from '../../../src/domain/backup/cluster-contracts.js';

test('what a backup of a cluster left out stands in one line, by reason', () => {
  const leftOut: LeftOutDatabase[] = [
    { database: 'a\nb', because: 'in exclude' },
    { database: 'template0', because: 'template' },
    { database: 'x', because: 'in exclude' },
    { database: 'y', because: 'invalid' },
  ];
  const words = leftOutWords({ leftOut, leftOutCount: 6 });
  expect(words).toBe(
    'a\\nb, x (in exclude); template0 (template); y (invalid: its DROP DATABASE was interrupted); and 2 more',
  );
});
