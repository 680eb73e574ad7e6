import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { createOutput, type OutputOptions, type OutputStream } from '../../../src/cli/output/output.js';

function capture(options: OutputOptions = {}, isTTY = false) {
  const text = { stdout: '', stderr: '' };
  const stream = (name: keyof typeof text): OutputStream =>
    Object.assign(
      new Writable({
        write(chunk, _, done) {
          text[name] += String(chunk);
          done();
        },
      }),
      { isTTY },
    );
  const output = createOutput({ env: {}, stdout: stream('stdout'), stderr: stream('stderr'), ...options });
  return { output, text };
}

test('results are on standard output, all else on standard error', () => {
  const { output, text } = capture();
  output.print('result');
  output.success('done');
  output.fail('bad');
  output.warn('careful');
  output.note('meanwhile');
  expect(text).toEqual({ stdout: 'result\n✓ done\n', stderr: '✗ bad\n! careful\nmeanwhile\n' });
});

test('with JSON, standard output holds one document and nothing else', () => {
  const { output, text } = capture({ json: true });
  output.print('result');
  output.success('done');
  output.printJson({ a: [1] });
  output.fail('bad');
  expect(JSON.parse(text.stdout)).toEqual({ a: [1] });
  expect(text.stderr).toBe('result\n✓ done\n✗ bad\n');
});

test('quiet leaves out what only accompanies', () => {
  const { output, text } = capture({ quiet: true });
  output.note('meanwhile');
  output.warn('careful');
  output.print('result');
  expect(text).toEqual({ stdout: 'result\n', stderr: '! careful\n' });
  expect(output.progressOptions.quiet).toBe(true);
});

test.each([
  [{}, false, false],
  [{}, true, true],
  [{ NO_COLOR: '1' }, true, false],
  [{ TERM: 'dumb' }, true, false],
  [{ FORCE_COLOR: '1' }, false, true],
  [{ FORCE_COLOR: '0' }, true, false],
  [{ FORCE_COLOR: '1', NO_COLOR: '1' }, true, false],
])('with %j and a terminal: %s, coloured: %s', (env, isTTY, colored) => {
  const { output, text } = capture({ env }, isTTY);
  output.success('x');
  expect(output.color).toBe(colored);
  expect(text.stdout.includes('\u001b[')).toBe(colored);
});

test('--no-color stands over everything', () => {
  const { output } = capture({ color: false, env: { FORCE_COLOR: '1' } }, true);
  expect(output.color).toBe(false);
});

test('a terminal that can do nothing counts as none', () => {
  expect(capture({}, true).output.isTerminal).toBe(true);
  expect(capture({ env: { TERM: 'dumb' } }, true).output.isTerminal).toBe(false);
});

test('a message cannot drive the terminal', () => {
  const { output, text } = capture();
  output.fail('a\u001b[2J\nb');
  expect(text.stderr).toBe('✗ a\\x1b[2J\n  b\n');
});

test('a reader that has gone is no error, any other failure is', () => {
  const stdout = Object.assign(new Writable(), { isTTY: false });
  createOutput({ env: {}, stdout });
  expect(() => stdout.emit('error', Object.assign(new Error('gone'), { code: 'EPIPE' }))).not.toThrow();
  expect(() => stdout.emit('error', Object.assign(new Error('full'), { code: 'ENOSPC' }))).toThrow('full');
});
