import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, test } from 'vitest';
import { atTheEdge } from '../../activities/edge.js';
import { HoldfastError } from '../../src/domain/errors.js';
import '../support/quiet-runtime.js';

const story = { attempted: 'dump', cause: 'it went wrong' };
const away = new HoldfastError('ServerUnreachable', story);
const interrupted = new HoldfastError('DumpInterrupted', story);
const refused = new HoldfastError('AuthenticationFailed', story);

test.for([
  { name: 'a step that failed is tried four times more', error: interrupted, allowed: 100, last: 5 },
  { name: 'a step whose server is away waits for it', error: away, allowed: 100, last: 14 },
  { name: 'but for one that its workflow begins again', error: away, allowed: 100, awaits: false, last: 5 },
  { name: 'no step is tried more often than its profile allows', error: away, allowed: 10, last: 10 },
  { name: 'nor is one that fails otherwise', error: interrupted, allowed: 3, last: 3 },
  { name: 'what trying again can’t mend is final at once', error: refused, allowed: 100, last: 1 },
])('$name', async ({ error, allowed, awaits = true, last }) => {
  expect(await isFinal(error, last, allowed, awaits)).toBe(true);
  if (last > 1) expect(await isFinal(error, last - 1, allowed, awaits)).toBe(false);
});

async function isFinal(
  error: Error,
  attempt: number,
  maximumAttempts: number,
  awaitsServer: boolean,
): Promise<boolean> {
  const environment = new MockActivityEnvironment({ attempt, retryPolicy: { maximumAttempts } });
  const fails = atTheEdge(
    () => Promise.reject(error),
    (text) => text,
    awaitsServer,
  );
  const failure = await environment.run(fails).catch((thrown: unknown) => thrown);
  return (failure as { nonRetryable: boolean }).nonRetryable;
}
