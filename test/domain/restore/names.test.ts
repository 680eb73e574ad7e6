import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatMark, parseMark } from '../../../src/domain/restore/database-mark.js';
import { restoreName } from '../../../src/domain/restore/names.js';
import { byteLength } from '../../../src/domain/sql-name.js';

const at = '20250607_080910';

test('a name says target, kind and time', () => {
  expect(restoreName('shop', 'staging', at)).toBe('shop__staging_20250607_080910');
  expect(restoreName('shop', 'before', at)).toBe('shop__before_20250607_080910');
});

test('a name that is taken gets a number', () => {
  const first = restoreName('shop', 'before', at);
  expect(restoreName('shop', 'before', at, [first])).toBe(`${first}_2`);
  expect(restoreName('shop', 'before', at, [first, `${first}_2`])).toBe(`${first}_3`);
});

test('every name is within 63 bytes, whole characters, and another for another target', () => {
  const unit = fc.constantFrom('a', 'é', '☃', '💾', '"', '%');
  const names = fc.string({ unit, minLength: 1, maxLength: 63 }).filter((name) => byteLength(name) <= 63);
  fc.assert(
    fc.property(names, names, fc.constantFrom('staging', 'before', 'undone'), (one, other, kind) => {
      const name = restoreName(one, kind, at);
      expect(byteLength(name)).toBeLessThanOrEqual(63);
      expect(decodeURIComponent(encodeURIComponent(name))).toBe(name);
      expect(name).toContain(`__${kind}_${at}`);
      if (one !== other) expect(restoreName(other, kind, at)).not.toBe(name);
    }),
  );
});

test('two long targets that begin alike get different names', () => {
  const [one, other] = [`${'x'.repeat(62)}1`, `${'x'.repeat(62)}2`];
  expect(restoreName(one, 'staging', at)).not.toBe(restoreName(other, 'staging', at));
});

test('a mark is read back whatever the names and the comment are', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constant('\nholdfast:{}'));
  fc.assert(
    fc.property(
      fc.constantFrom('staging', 'previous', 'undone'),
      text,
      text,
      fc.option(text),
      (kind, target, runId, comment) => {
        const mark = { kind, target, runId, comment };
        expect(parseMark(formatMark(mark))).toEqual(mark);
      },
    ),
  );
});

test.for([null, '', 'holdfast', 'my shop\nholdfast:{"kind":"staging"}', 'x\nholdfast:{', '\nholdfast:null'])(
  'the comment %j is no mark',
  (comment) => {
    expect(parseMark(comment)).toBeUndefined();
  },
);

test('a comment that somebody wrote around a mark is no mark', () => {
  const mark = formatMark({ kind: 'staging', target: 'shop', runId: 'r', comment: null });
  expect(parseMark(`keep this! ${mark}`)).toBeUndefined();
  expect(parseMark(`${mark} `)).toBeUndefined();
});
