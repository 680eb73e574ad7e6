import { expect, test } from 'vitest';
import { errorDocument, exitCodeOf, renderError } from '../../../src/cli/output/errors.js';
import { errorCatalogue, HoldfastError, isErrorType } from '../../../src/domain/errors.js';

const error = new HoldfastError(
  'DumpFailed',
  { attempted: 'dump database "shop"', cause: 'permission denied', remedy: 'grant SELECT' },
  { cause: new Error('exit code 1') },
);

test('an error is one line, and its remedy a second', () => {
  expect(renderError(error)).toBe('✗ dump database "shop": permission denied\n  → grant SELECT');
  expect(renderError(new Error('plain'))).toBe('✗ plain');
});

test('the line is red where colours may be', () => {
  expect(renderError(error, { color: true }).split('\n')[0]).toBe(
    '\u001b[31m✗ dump database "shop": permission denied\u001b[39m',
  );
});

test('further lines of a cause stand indented', () => {
  const several = new HoldfastError('ConfigurationInvalid', {
    attempted: 'read',
    cause: '2 are wrong\na: 1\nb: 2',
  });
  expect(renderError(several)).toBe('✗ read: 2 are wrong\n    a: 1\n    b: 2');
});

test('stacks, also of causes, are there only with verbose', () => {
  expect(renderError(error)).not.toContain('errors.test');
  const verbose = renderError(error, { verbose: true });
  expect(verbose).toContain('errors.test');
  expect(verbose).toContain('caused by Error: exit code 1');
});

test('a plain object of type, message and remedy is understood', () => {
  const plain = {
    type: 'VerificationFailed',
    message: 'verify x: end marker missing',
    remedy: 'back up again',
  };
  expect(renderError(plain)).toBe('✗ verify x: end marker missing\n  → back up again');
  expect(exitCodeOf(plain)).toBe(5);
});

test.each([
  ['text', '✗ text'],
  [undefined, '✗ undefined'],
  [new AggregateError([new Error('one'), new Error('two')]), '✗ one; two'],
  [new TypeError(''), '✗ TypeError'],
  [{ code: 5 }, '✗ {"code":5}'],
])('%o is rendered too, with exit code 1', (thrown, shown) => {
  expect(renderError(thrown)).toBe(shown);
  expect(exitCodeOf(thrown)).toBe(1);
});

test('every error of the catalogue has its exit code', () => {
  for (const [type, { exitCode }] of Object.entries(errorCatalogue)) {
    if (!isErrorType(type)) throw new Error(type);
    expect(exitCodeOf(new HoldfastError(type, { attempted: 'a', cause: 'c' }))).toBe(exitCode);
  }
  expect(exitCodeOf({ type: 'toString', message: '' })).toBe(1);
});

test('neither a terminal is driven nor a password shown', () => {
  const cause = 'postgres://u:canary@h/d \u001b[2J canary2';
  const hostile = new HoldfastError('DumpFailed', { attempted: 'dump', cause, remedy: '\u001b[2J' });
  const text = renderError(hostile, { verbose: true, secrets: ['canary2'] });
  for (const unwanted of ['canary', '\u001b']) expect(text).not.toContain(unwanted);
});

test('for a program an error is a document: what is not in the catalogue is a general error, without a remedy', () => {
  expect(errorDocument(error)).toEqual({
    error: {
      ...{ type: 'DumpFailed', message: 'dump database "shop": permission denied' },
      ...{ remedy: 'grant SELECT', exitCode: 4 },
    },
  });
  const url = new TypeError('connect to postgres://backup:hunter2@db/shop');
  const { error: told } = errorDocument(url);
  expect(told).toMatchObject({ type: 'GeneralError', remedy: null, exitCode: 1 });
  expect(told.message).not.toContain('hunter2');
});
