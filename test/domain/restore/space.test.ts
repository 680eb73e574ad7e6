import { expect, test } from 'vitest';
import { isTooLittle } from '../../../src/domain/restore/space.js';

test.for<[number | null, number | null, number, boolean]>([
  [100, 99, 0, true],
  [100, 100, 0, false],
  [100, 60, 40, false],
  [100, 60, 39, true],
  [null, 0, 0, false],
  [100, null, 0, false],
])(
  '%j bytes needed, %j free and %j reclaimed: too little is %j',
  ([neededBytes, freeBytes, reclaimed, expected]) => {
    expect(isTooLittle({ neededBytes, freeBytes, unknownBecause: null }, reclaimed)).toBe(expected);
  },
);
