import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, test } from 'vitest';
import { beatWithProgress } from '../../../activities/heartbeat/progress.js';
import type { DumpProgress } from '../../../src/domain/backup/contracts.js';

/** Heartbeats of a step, each with when it came. */
async function heartbeatsOf(step: () => Promise<void>): Promise<{ at: number; told: DumpProgress }[]> {
  const beats: { at: number; told: DumpProgress }[] = [];
  const environment = new MockActivityEnvironment();
  environment.on('heartbeat', (told: DumpProgress) =>
    beats.push({ at: performance.now(), told: { ...told } }),
  );
  await environment.run(step);
  return beats;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test('of portions that follow each other closely four a second become heartbeats', async () => {
  const beats = await heartbeatsOf(async () => {
    const beat = beatWithProgress();
    for (let portion = 1; portion <= 100; portion += 1) {
      beat.stored(portion);
      await pause(10);
    }
  });
  expect(beats.length).toBeGreaterThan(1);
  beats.reduce((previous, beat) => {
    expect(beat.at - previous.at).toBeGreaterThanOrEqual(240);
    expect(beat.told.storedBytes).toBeGreaterThan(previous.told.storedBytes);
    return beat;
  });
});

test('a server that works is told beside what is done, until something moves again', async () => {
  const beats = await heartbeatsOf(async () => {
    const beat = beatWithProgress();
    beat.serverWorks();
    beat.doing('table a');
    beat.serverWorks();
    beat.stored(7);
    expect(beat.quietMs()).toBeLessThan(60_000);
  });
  const works = 'the server works';
  expect(beats.map(({ told }) => told.doing)).toEqual([works, 'table a', `table a: ${works}`, 'table a']);
});

test('nothing that moved is no heartbeat, however long it lasts; reading back is one', async () => {
  const beats = await heartbeatsOf(async () => {
    const beat = beatWithProgress();
    beat.stored(7);
    await pause(300);
    beat.stored(7);
    beat.stored(7, 3);
    await pause(300);
    beat.stored(7, 3);
  });
  expect(beats.map(({ told }) => told.storedBytes)).toEqual([7, 7]);
});
