import { expect, test } from 'vitest';
import {
  idleSlotWarnings,
  keepSizeWarning,
  type SlotFacts,
  slotName,
} from '../../../src/domain/wal/replication-slot.js';
import type { StreamHealth, StreamSight } from '../../../src/domain/wal/stream-contracts.js';
import { freshHealth, judgeStream } from '../../../src/domain/wal/stream-health.js';

const limits = { lagBytes: 0x1000, lagMs: 60_000 };
const sight = (serverLsn: string, flushedLsn: string | null): StreamSight => ({
  ...{ kind: 'seen', serverLsn, flushedLsn, isActive: true, limits },
});
const away: StreamSight = { kind: 'unknown', why: 'it is down' };

/** The states that looks a quarter of a minute apart come to. */
function states(...sights: StreamSight[]): StreamHealth['state'][] {
  let health = freshHealth;
  return sights.map((each, at) => {
    ({ health } = judgeStream(health, each, limits, at * 15_000));
    return health.state;
  });
}

test.each<[string, StreamSight[], StreamHealth['state']]>([
  ['has all there is', Array(9).fill(sight('0/2000', '0/2000')), 'fine'],
  [
    'is behind a busy server by what that just wrote',
    [2, 3, 4, 5, 6, 7, 8].map((at) => sight(`0/${at}800`, `0/${at}000`)),
    'fine',
  ],
  ['lacks too many bytes', [sight('0/9000', '0/1000')], 'behind'],
  ['lacks few bytes for a long time', Array(6).fill(sight('0/2010', '0/2000')), 'behind'],
  ['lacks few bytes for a short time', Array(4).fill(sight('0/2010', '0/2000')), 'fine'],
  ['has no slot for a long time', Array(6).fill(sight('0/2010', null)), 'behind'],
  ['can’t be asked for a short time', Array(4).fill(away), 'fine'],
  ['can’t be asked for a long time', Array(6).fill(away), 'unknown'],
  ['is asked again at last', [...Array(6).fill(away), sight('0/2000', '0/2000')], 'fine'],
])('a stream that %s is %s', (_, sights, state) => {
  expect(states(...sights).at(-1)).toBe(state);
});

test('what is wrong is told in bytes and seconds', () => {
  expect(judgeStream(freshHealth, sight('0/9000', '0/1000'), limits, 0).why).toBe(
    'streamed WAL is 32 kB and 0 s behind the server',
  );
  const { why } = judgeStream({ ...freshHealth, unknownSinceMs: 0 }, away, limits, 90_000);
  expect(why).toBe('nothing is known of the stream for 90 s: it is down');
});

test('a slot has the names of cluster and host, and another one for each of them', () => {
  expect(slotName('main', 'db1')).toBe('holdfast_main_db1');
  const names = [
    ...[slotName('main', 'db-1'), slotName('main', 'db.1'), slotName('main', 'DB1')],
    ...[slotName('main', 'x'.repeat(200)), slotName('main', `${'x'.repeat(200)}y`)],
  ];
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^[a-z0-9_]{1,63}$/);
});

test('a limit of the server is told where a pause would cost much', () => {
  expect(keepSizeWarning(null)).toContain('is -1');
  expect(keepSizeWarning(64 * 1024 * 1024)).toContain('is 64 MB');
  expect(keepSizeWarning(10 * 1024 ** 3)).toBeUndefined();
});

test('of idle slots only Holdfast’s own are told', () => {
  const slot = (name: string, isActive: boolean): SlotFacts => ({
    ...{ name, isActive, restartLsn: '0/0', walStatus: 'reserved', keptBytes: 1024 * 1024 },
  });
  const slots = [slot('holdfast_main_db1', false), slot('holdfast_main_db2', true), slot('standby', false)];
  expect(idleSlotWarnings(slots)).toEqual([
    expect.stringContaining('holdfast_main_db1, for which the server keeps 1.0 MB'),
  ]);
});
