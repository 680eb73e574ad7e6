import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { HoldfastError } from '../../src/domain/errors.js';
import { createLogger, type LoggerOptions } from '../../src/log.js';

const canary = 'Canary"1\\ü';

function capture(options: Partial<LoggerOptions> = {}) {
  const chunks: string[] = [];
  const stream = new Writable({ write: (chunk, _, done) => done(void chunks.push(String(chunk))) });
  const logger = createLogger({ destination: 'json', secrets: [canary], stream, ...options });
  const text = () => chunks.join('');
  const lines = () => text().split('\n').filter(Boolean);
  return {
    logger,
    text,
    lines,
    objects: () => lines().map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

test('JSON lines have the level as a word and the time in ISO 8601', () => {
  const { logger, objects } = capture({ level: 'debug' });
  logger.debug('a');
  logger.info('b');
  logger.success('c');
  logger.warn('d');
  logger.error('e');
  expect(objects().map(({ level, msg }) => [level, msg])).toEqual([
    ['debug', 'a'],
    ['info', 'b'],
    ['success', 'c'],
    ['warning', 'd'],
    ['error', 'e'],
  ]);
  for (const { time } of objects()) expect(new Date(String(time)).toISOString()).toBe(time);
});

test('what is below the level is left out, and success stands between info and warn', () => {
  const { logger, objects } = capture({ level: 'success' });
  logger.info('a');
  logger.success('b');
  logger.warn('c');
  expect(objects().map(({ msg }) => msg)).toEqual(['b', 'c']);
  const silent = capture({ level: 'silent' });
  silent.logger.error('x');
  expect(silent.text()).toBe('');
});

test('what a child logger is bound to stands on every line', () => {
  const { logger, objects } = capture();
  const child = logger.child({ workflowId: 'full-backup/default/shop', runId: 'r1' });
  child.info('a');
  child.child({ step: 'dump' }).warn({ attempt: 2 }, 'b');
  expect(objects()).toMatchObject([
    { workflowId: 'full-backup/default/shop', runId: 'r1', msg: 'a' },
    { workflowId: 'full-backup/default/shop', runId: 'r1', step: 'dump', attempt: 2, msg: 'b' },
  ]);
});

test.each(['json', 'terminal'] as const)('on %s no path leads a secret into a line', (destination) => {
  const { logger, text } = capture({ destination, level: 'debug' });
  const error = new HoldfastError(
    'DumpFailed',
    { attempted: 'dump', cause: `FATAL ${canary}`, remedy: canary },
    { cause: new AggregateError([new Error(canary)], canary, { cause: { stderr: canary } }) },
  );
  logger.info(canary);
  logger.info(`x${canary}y ${encodeURIComponent(canary)} ${JSON.stringify(canary)}`);
  logger.info('%s and %j', canary, { canary });
  logger.info({ nested: [{ deep: canary }], [canary]: 1 }, 'fields');
  logger.error(error);
  logger.error({ err: error, other: error }, canary);
  logger
    .child({ password: 'unlisted', bound: { deep: canary } })
    .child({ canary })
    .success('bound');
  logger.warn('postgres://u:unlisted@h/d password=unlisted Authorization: unlisted');
  expect(text()).not.toMatch(/Canary|1\\\\|%C3%BC|unlisted/);
  expect(text().split('\n').length).toBeGreaterThan(8);
});

test('an error keeps name, stack and causes in the file, and in JSON lines with the level debug', () => {
  const inFile: string[] = [];
  const { logger, objects } = capture({ level: 'debug', file: { write: (line) => void inFile.push(line) } });
  logger.error({ err: new TypeError('outer', { cause: new Error('inner') }) }, 'failed');
  const whole = {
    err: {
      name: 'TypeError',
      message: 'outer',
      stack: expect.stringContaining('logger.test'),
      cause: { message: 'inner' },
    },
  };
  expect(objects()).toMatchObject([whole]);
  expect(inFile.map((line) => JSON.parse(line))).toMatchObject([whole]);
});

test('a terminal gets level words, and no stack unless every line is asked for', () => {
  const plain = capture({ destination: 'terminal' });
  plain.logger.success({ sizeBytes: 12 }, 'backed up');
  plain.logger.warn('careful');
  plain.logger.error({ err: new Error('outer', { cause: new Error('inner') }) }, 'failed');
  const [success, warning, error, ...rest] = plain.lines();
  expect(success).toMatch(/^\d\d:\d\d:\d\dZ SUCCESS: backed up \{"sizeBytes":12\}$/);
  expect(warning).toMatch(/ WARNING: careful/);
  expect(error).toMatch(/ ERROR: failed \{"err":"outer: inner"\}$/);
  expect(rest).toEqual([]);
  const verbose = capture({ destination: 'terminal', level: 'debug' });
  verbose.logger.error({ err: new Error('outer') }, 'failed');
  expect(verbose.text()).toContain('logger.test');
});

test('colours are there only when asked for', () => {
  const escapeCode = '\u001b[';
  const plain = capture({ destination: 'terminal' });
  plain.logger.success('x');
  expect(plain.text()).not.toContain(escapeCode);
  const colored = capture({ destination: 'terminal', color: true });
  colored.logger.success('x');
  expect(colored.text()).toContain(`${escapeCode}32mSUCCESS`);
});

test('what comes from outside cannot drive the terminal', () => {
  const { logger, text } = capture({ destination: 'terminal', level: 'debug' });
  const hostile = 'sh\u001b[2Jop\u009b31m\u202e\r\n';
  logger
    .child({ [hostile]: hostile })
    .error({ err: new Error(hostile), database: hostile }, `dump ${hostile}`);
  for (const control of ['\u001b', '\u009b', '\u202e', '\r']) expect(text()).not.toContain(control);
  expect(text()).toContain('sh\\x1b[2Jop');
});

test('a message that cannot be formatted does not stop the caller', () => {
  const { logger, objects } = capture();
  const cyclic: Record<string, unknown> = { bigint: 1n };
  cyclic.self = cyclic;
  logger.info(cyclic, 'cyclic');
  expect(objects()).toMatchObject([{ bigint: '1', self: '[circular]', msg: 'cyclic' }]);
});

test('JSON lines tell an error by its type, words and causes', () => {
  const error = new HoldfastError(
    'ServerUnreachable',
    { attempted: 'connect', cause: 'refused' },
    { cause: new Error('no route') },
  );
  const inFile: string[] = [];
  const { logger, objects, text } = capture({ file: { write: (line) => void inFile.push(line) } });
  logger.error({ err: error }, 'inspect: failed');
  expect(objects()).toMatchObject([
    { err: { type: 'ServerUnreachable', message: 'connect: refused: no route' }, msg: 'inspect: failed' },
  ]);
  expect(text()).not.toContain('stack');
  expect(inFile[0]).toContain('logger.test.ts');
});
