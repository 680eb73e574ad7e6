import { expect, test } from 'vitest';
import { refuseImpossibleName } from '../../src/domain/impossible-name.js';

test('a name that PostgreSQL would take for another database is refused', () => {
  const refusal = { type: 'ConfigurationInvalid', exitCode: 2 };
  for (const name of ['', 'x'.repeat(64), 'é'.repeat(32)])
    expect(() => refuseImpossibleName('back up', name)).toThrow(expect.objectContaining(refusal));
  for (const name of ['x'.repeat(63), 'é'.repeat(31), ' ', "it's"])
    expect(() => refuseImpossibleName('back up', name)).not.toThrow();
});
