import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createProgress, type ProgressOptions } from '../../../src/cli/output/progress.js';
import type { DumpProgress } from '../../../src/domain/backup/contracts.js';

const MB = 1024 * 1024;
const heartbeat: DumpProgress = {
  storedBytes: 50 * MB,
  expectedBytes: 100 * MB,
  doing: 'contents of table "public.trades"',
  bytesPerSecond: 12 * MB,
  elapsedSeconds: 72.4,
};

function capture(options: Partial<ProgressOptions> = {}, columns = 120) {
  const chunks: string[] = [];
  const write = (chunk: unknown, _: unknown, done: () => void) => {
    chunks.push(String(chunk));
    done();
  };
  const isTerminal = options.isTerminal ?? false;
  const stream = Object.assign(
    new Writable({ write }),
    isTerminal ? { isTTY: true, columns, getWindowSize: () => [columns, 24] } : {},
  );
  const progress = createProgress({ stream, isTerminal, ...options });
  return { progress, chunks, text: () => chunks.join('') };
}

test('without a terminal there is a line now and then, not one a heartbeat', async () => {
  const { progress, text } = capture({ lineEveryMs: 200 });
  for (let i = 0; i < 20; i++) progress.update(heartbeat);
  expect(text()).toBe('');
  await sleep(220);
  progress.update(heartbeat);
  progress.update(heartbeat);
  progress.stop();
  expect(text()).toBe('50 % of about 100 MB, 50 MB, 12 MB/s, 1m 12s, contents of table "public.trades"\n');
});

test('without a terminal how far it is stands there now and then, on one it is drawn anew', async () => {
  const { progress, text } = capture({ lineEveryMs: 200 });
  progress.standing('1 of 3 done');
  expect(text()).toBe('');
  await sleep(220);
  progress.standing('2 of 3 done');
  progress.standing('2 of 3 done');
  expect(text()).toBe('2 of 3 done\n');
  const drawn = capture({ isTerminal: true });
  drawn.progress.standing('1 of 3 done');
  await sleep(300);
  drawn.progress.stop();
  expect(drawn.text()).toContain('1 of 3 done');
});

test('without a terminal a step is told once, and a note at once', () => {
  const { progress, text } = capture();
  progress.step('verifying');
  progress.step('verifying');
  progress.note('attempt 2');
  progress.step('publishing');
  expect(text()).toBe('verifying\nattempt 2\npublishing\n');
});

test('quiet shows nothing anywhere', async () => {
  for (const isTerminal of [true, false]) {
    const { progress, text } = capture({ quiet: true, isTerminal, lineEveryMs: 0 });
    progress.update(heartbeat);
    progress.step('verifying');
    progress.note('note');
    await sleep(150);
    progress.stop();
    expect(text()).toBe('');
  }
});

test('on a terminal a bar shows share, size, rate, time and what is dumped, in one line', async () => {
  const { progress, chunks } = capture({ isTerminal: true });
  progress.update(heartbeat);
  await sleep(200);
  progress.stop();
  const line = chunks.find((chunk) => chunk.includes('50 %')) ?? '';
  expect(line).toBe(
    `${'█'.repeat(10)}${'░'.repeat(10)} 50 % of about 100 MB, 50 MB, 12 MB/s, 1m 12s  contents of table "public.trades"`,
  );
});

test('on a terminal of 80 columns the line fits', async () => {
  const { progress, chunks } = capture({ isTerminal: true }, 80);
  progress.update({ ...heartbeat, doing: `contents of table "${'x'.repeat(126)}"` });
  await sleep(200);
  progress.stop();
  const drawn = chunks.filter((chunk) => chunk.includes('50 %'));
  expect(drawn.length).toBeGreaterThan(0);
  for (const line of drawn) expect([...line].length).toBeLessThan(80);
});

test('without an expected size there is a running count and no share', async () => {
  const { expectedBytes: _, ...first } = heartbeat;
  const { progress, text } = capture({ isTerminal: true });
  progress.update(heartbeat);
  progress.update(first);
  await sleep(200);
  progress.stop();
  expect(text()).toContain('50 MB, 12 MB/s');
  expect(text()).not.toContain('%');
  expect(text()).not.toContain('█');
});

test('a dump larger than expected never shows as done', async () => {
  const { progress, text } = capture({ isTerminal: true });
  progress.update({ ...heartbeat, storedBytes: 500 * MB });
  await sleep(200);
  progress.stop();
  expect(text()).toContain('99 % of about 100 MB, 500 MB');
});

test('however often it is told, it draws at most some eight times a second', async () => {
  const { progress, chunks } = capture({ isTerminal: true });
  const begunAt = performance.now();
  for (let i = 0; i < 100; i++) {
    progress.update({ ...heartbeat, storedBytes: i * MB });
    await sleep(5);
  }
  progress.stop();
  const seconds = (performance.now() - begunAt) / 1000;
  const drawings = chunks.filter((chunk) => chunk.includes(' % of ')).length;
  expect(drawings).toBeGreaterThan(1);
  expect(drawings).toBeLessThanOrEqual(8 * seconds + 2);
});

test('notes stay, also one just before the end; the bar goes, and the cursor comes back', async () => {
  const { progress, text } = capture({ isTerminal: true });
  progress.note('before');
  progress.update(heartbeat);
  progress.note('between');
  await sleep(200);
  progress.note('last');
  progress.stop();
  for (const note of ['before\n', 'between\n', 'last\n']) expect(text()).toContain(note);
  expect(text().lastIndexOf('\u001b[?25h')).toBeGreaterThan(text().lastIndexOf('\u001b[?25l'));
  const ended = text();
  await sleep(200);
  progress.stop();
  expect(text()).toBe(ended);
});

test('a step takes the place of the bar', async () => {
  const { progress, chunks } = capture({ isTerminal: true });
  progress.update(heartbeat);
  await sleep(200);
  progress.step('verifying');
  await sleep(200);
  progress.stop();
  expect(chunks).toContain('verifying');
});

test('a table name cannot drive the terminal', async () => {
  const { progress, chunks } = capture({ isTerminal: true, color: false });
  progress.update({ ...heartbeat, doing: 'contents of table "a\u001b]0;evil\u0007"' });
  await sleep(200);
  progress.note('note \u001b[2J');
  progress.stop();
  expect(chunks.join('')).toContain('\\x1b]0;evil\\x07');
  for (const code of ['\u001b[2J', '\u001b]']) expect(chunks.join('')).not.toContain(code);
});
