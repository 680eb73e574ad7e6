import { once, setMaxListeners } from 'node:events';
import { expect, test } from 'vitest';
import { notRunnable } from '../../../src/postgres/program/not-runnable.js';
import { startProgram } from '../../../src/postgres/program/program.js';

const sleeper = { path: '/bin/sleep', args: ['600'], env: {}, stdout: 'pipe' as const };

test('however many programs run at a time, one listener sees to it that they end with this process', async () => {
  const before = process.listenerCount('exit');
  const stop = new AbortController();
  setMaxListeners(20, stop.signal);
  const running = Array.from({ length: 12 }, () => startProgram({ ...sleeper, signal: stop.signal }));
  await Promise.all(running.map(({ child }) => once(child, 'spawn')));
  expect(process.listenerCount('exit')).toBe(before);
  stop.abort();
  for (const { exited } of running) expect(await exited).toMatchObject({ signal: 'SIGTERM' });
});

test('a program that is not there is advised to be installed, and is not tried again', async () => {
  const { exited } = startProgram({ ...sleeper, path: '/nowhere/pg_dump' });
  const { notStarted } = await exited;
  expect(notRunnable('dump', '/nowhere/pg_dump', notStarted)).toMatchObject({
    ...{ type: 'ToolMissing', retryable: false, message: 'dump: /nowhere/pg_dump cannot be run (ENOENT)' },
    remedy: expect.stringContaining('Install'),
  });
});

test.for([
  ['EMFILE', 'ulimit -n'],
  ['ENFILE', 'open files'],
  ['EAGAIN', 'ulimit -u'],
  ['ENOMEM', 'memory'],
] as const)(
  'a program kept from starting by %s is there: the advice is about %s, and it is tried again',
  ([code, words]) => {
    const { type, retryable, remedy } = notRunnable('dump', '/usr/bin/pg_dump', code);
    expect({ type, retryable }).toEqual({ type: 'GeneralError', retryable: true });
    expect(remedy).toContain(words);
    expect(remedy).not.toContain('Install');
  },
);

test('what Node throws at once, as that an argument is too long, comes out as an error of the catalogue', () => {
  const args = ['x'.repeat(1 << 22)];
  expect(() => startProgram({ ...sleeper, args })).toThrow(
    /start a program: \/bin\/sleep cannot be run \(E2BIG\)/,
  );
});
