import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Handover } from '../../../src/stream/store/handover.js';

const never = new AbortController().signal;

test('all that is given is read, in order, and each portion is held until the next is asked for', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string({ maxLength: 5 })), async (portions) => {
      const handover = new Handover(never);
      const seen: string[] = [];
      const reading = (async () => {
        for await (const portion of handover.read()) {
          seen.push(`begun ${portion}`);
          await Promise.resolve();
          seen.push(`done ${portion}`);
        }
      })();
      const expected: string[] = [];
      for (const portion of portions) {
        await handover.give(Buffer.from(portion));
        expected.push(`begun ${portion}`, `done ${portion}`);
        expect(seen).toEqual(expected);
      }
      handover.end();
      await reading;
      expect(seen).toEqual(expected);
    }),
  );
});

test('a reader that stops holds nobody up', async () => {
  const handover = new Handover(never);
  const reading = (async () => {
    for await (const portion of handover.read()) return portion.toString();
    return undefined;
  })();
  await handover.give(Buffer.from('first'));
  expect(await reading).toBe('first');
  await handover.give(Buffer.from('second'));
});

test.for([true, false])('nobody waits once it is cancelled; with a reader: %s', async (isRead) => {
  const controller = new AbortController();
  const handover = new Handover(controller.signal);
  const reading = isRead ? handover.read().next() : undefined;
  const second = isRead ? undefined : handover.give(Buffer.from('not taken'));
  controller.abort(new Error('enough'));
  await second;
  if (reading) await expect(reading).rejects.toThrow('enough');
  await handover.give(Buffer.from('too late'));
});
