import { expect, test } from 'vitest';
import { Turns } from '../../../activities/backup/turns.js';

/** Work that goes on until it is let go. */
function held() {
  let end: () => void = () => undefined;
  const until = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { until, end };
}

const forever = { signal: new AbortController().signal, onWait: () => undefined };

test('so many work at a time, and the rest in the order in which they asked', async () => {
  const turns = new Turns(2);
  const begun: number[] = [];
  const works = [0, 1, 2, 3].map(held);
  const ends = works.map(({ until }, index) =>
    turns.take(() => {
      begun.push(index);
      return until;
    }, forever),
  );
  await new Promise(setImmediate);
  expect(begun).toEqual([0, 1]);
  works[1]?.end();
  await ends[1];
  await new Promise(setImmediate);
  expect(begun).toEqual([0, 1, 2]);
  for (const { end } of works) end();
  await Promise.all(ends);
  expect(begun).toEqual([0, 1, 2, 3]);
});

test('whoever stops waiting takes no turn, and one that fails gives its own back', async () => {
  const turns = new Turns(1);
  const first = held();
  const working = turns.take(async () => {
    await first.until;
    throw new Error('it failed');
  }, forever);
  const impatient = new AbortController();
  const gone = turns.take(async () => 'never', { ...forever, signal: impatient.signal });
  const last = turns.take(async () => 'done', forever);
  impatient.abort(new Error('cancelled'));
  await expect(gone).rejects.toThrow('cancelled');
  first.end();
  await expect(working).rejects.toThrow('it failed');
  expect(await last).toBe('done');
});
