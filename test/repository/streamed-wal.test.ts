import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { placeStreamed } from '../../src/postgres/recovery/place-streamed.js';
import { expireSegments } from '../../src/repository/local/wal/expire-segments.js';
import { prepareStream } from '../../src/repository/local/wal/prepare-stream.js';
import { breakOff, publishStreamed } from '../../src/repository/local/wal/publish-streamed.js';
import { requireOwnStream } from '../../src/repository/local/wal/require-own-stream.js';
import { verifyArchive } from '../../src/repository/local/wal/verify-archive.js';
import { type WalLayout, walLayout } from '../../src/repository/local/wal/wal-layout.js';
import { scratchFolder } from './support/scratch.js';

const mb = 1024 * 1024;
const owner = { serverMajor: 15, systemIdentifier: '7', segmentSizeBytes: mb };
const { signal } = new AbortController();

const name = (number: number, timeline = 1) =>
  `0000000${timeline}00000000${number.toString(16).toUpperCase().padStart(8, '0')}`;

/** A segment as a server of PostgreSQL 15 begins it, with content up to some byte. */
function segment(number: number, contentBytes = mb, { timeline = 1, systemIdentifier = 7n } = {}): Buffer {
  const bytes = Buffer.alloc(mb);
  bytes.fill(number, 40, contentBytes);
  bytes.writeUInt16LE(0xd110, 0);
  bytes.writeUInt16LE(2, 2);
  bytes.writeUInt32LE(timeline, 4);
  bytes.writeBigUInt64LE(BigInt(number * mb), 8);
  bytes.writeBigUInt64LE(systemIdentifier, 24);
  bytes.writeUInt32LE(mb, 32);
  bytes.writeUInt32LE(8192, 36);
  return bytes;
}

async function folders(): Promise<WalLayout> {
  const layout = walLayout(join(scratchFolder(), 'repository'));
  const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, name: 'us' };
  await prepareStream(layout, layout.root, own);
  return layout;
}

const put = (folder: string, file: string, bytes: Buffer | string) =>
  writeFileSync(join(folder, file), bytes);
const list = (folder: string) =>
  readdirSync(folder)
    .filter((file) => /^[0-9A-F]{8}/.test(file))
    .sort();
const publish = (layout: WalLayout) => publishStreamed(layout, mb, new Set(), signal);
const verify = (layout: WalLayout, currentTimeline = 1) =>
  verifyArchive({ layout, owner, currentTimeline, bases: [] });

test('whole segments and histories are published, once, and only the newest file stays', async () => {
  const layout = await folders();
  for (const number of [3, 4]) put(layout.stream, name(number), segment(number));
  put(layout.stream, `${name(5)}.partial`, segment(5, 100));
  put(layout.stream, '00000002.history', '1\t0/300000\tno reason\n');
  expect(await publish(layout)).toBe(3);
  expect(list(layout.wal)).toEqual([name(3), name(4), '00000002.history']);
  expect(list(layout.stream)).toEqual([`${name(5)}.partial`, '00000002.history']);
  expect(readFileSync(join(layout.wal, name(4))).equals(segment(4))).toBe(true);
  expect(statSync(join(layout.wal, name(4))).uid).toBe(statSync(layout.wal).uid);
});

test('a whole segment that is the newest stays, by which the receiver goes on', async () => {
  const layout = await folders();
  put(layout.stream, name(3), segment(3));
  await publish(layout);
  expect([list(layout.wal), list(layout.stream)]).toEqual([[name(3)], [name(3)]]);
});

test.each(['', '.zst', '.gz'])('the same bytes may be there already, as %j', async (suffix) => {
  const layout = await folders();
  put(layout.wal, name(3), segment(3));
  if (suffix === '.gz') execFileSync('gzip', [name(3)], { cwd: layout.wal });
  if (suffix === '.zst') execFileSync('zstd', ['-q', '--rm', name(3)], { cwd: layout.wal });
  put(layout.stream, name(3), segment(3));
  put(layout.stream, `${name(4)}.partial`, segment(4, 100));
  await publish(layout);
  expect(list(layout.wal)).toEqual([`${name(3)}${suffix}`]);
  expect(list(layout.stream)).toEqual([`${name(4)}.partial`]);
});

test('other bytes are neither overwritten nor lost, and stop the stream once', async () => {
  const layout = await folders();
  put(layout.wal, name(3), segment(3, 100));
  put(layout.stream, name(3), segment(3));
  put(layout.stream, name(4), segment(4));
  await expect(publish(layout)).rejects.toMatchObject({
    type: 'VerificationFailed',
    message: expect.stringContaining(`publish streamed ${name(3)}`),
  });
  expect(readFileSync(join(layout.wal, name(3))).equals(segment(3, 100))).toBe(true);
  expect(readFileSync(join(layout.brokenOff, name(3))).equals(segment(3))).toBe(true);
  await publish(layout);
  expect(list(layout.wal)).toEqual([name(3), name(4)]);
});

test('the end of a timeline that was left is put aside, and goes with the segments around it', async () => {
  const layout = await folders();
  put(layout.stream, `${name(4)}.partial`, segment(4, 100));
  put(layout.stream, `${name(4, 2)}.partial`, segment(4, 200, { timeline: 1 }));
  await publish(layout);
  expect(list(layout.stream)).toEqual([`${name(4, 2)}.partial`]);
  expect(list(layout.brokenOff)).toEqual([`${name(4)}.partial`]);
  await expireSegments(layout, [{ timeline: 1, fromLsn: '0/400000' }], mb);
  expect(list(layout.brokenOff)).toHaveLength(1);
  await expireSegments(layout, [{ timeline: 2, fromLsn: '0/400000' }], mb);
  expect(list(layout.brokenOff)).toEqual([]);
  expect(list(layout.stream)).toHaveLength(1);
});

test('a stream that breaks off loses nothing of what it had received', async () => {
  const layout = await folders();
  for (const number of [3, 4]) put(layout.stream, name(number), segment(number));
  put(layout.stream, name(5), segment(5).subarray(0, 1000));
  put(layout.stream, `${name(6)}.partial`, segment(6, 100));
  await breakOff(layout, mb, signal);
  expect(list(layout.wal)).toEqual([name(3), name(4)]);
  expect(list(layout.brokenOff)).toEqual([name(5), `${name(6)}.partial`]);
  expect(list(layout.stream)).toEqual([]);
});

test('what is being received counts as there, and tells from when it is', async () => {
  const layout = await folders();
  put(layout.wal, name(3), segment(3));
  put(layout.stream, `${name(4)}.partial`, segment(4, 100));
  const report = await verify(layout);
  expect(report).toMatchObject({ newest: name(3), gaps: { total: 0 }, streamed: { segment: name(4) } });
  const { mtimeMs } = statSync(join(layout.stream, `${name(4)}.partial`));
  // Never later than it is, where node's own `mtime` rounds up.
  expect(report.streamed?.writtenAt).toBe(new Date(Math.floor(mtimeMs)).toISOString());
});

test.each<[string, Buffer]>([
  ['nothing has come of', Buffer.alloc(mb)],
  ['is another cluster’s', segment(4, 100, { systemIdentifier: 8n })],
  ['is cut', segment(4, 100).subarray(0, 1000)],
])('a part that %s does not', async (_, bytes) => {
  const layout = await folders();
  put(layout.wal, name(3), segment(3));
  put(layout.stream, `${name(4)}.partial`, bytes);
  expect((await verify(layout)).streamed).toBeNull();
});

test('after a lost slot the gap begins with the segment that broke off, also where the next one follows at once', async () => {
  const layout = await folders();
  put(layout.wal, name(3), segment(3));
  put(layout.brokenOff, `${name(4)}.partial`, segment(4, 100));
  put(layout.stream, `${name(5)}.partial`, segment(5, 100));
  const report = await verify(layout);
  expect(report.gaps.items).toMatchObject([{ firstMissing: name(4), lastMissing: name(4) }]);
  expect(report.needsBase).toBe(true);
});

test('a recovery gets what the archive lacks, where that is more than the base backup has', async () => {
  const layout = await folders();
  const dataDir = scratchFolder();
  const pgWal = join(dataDir, 'pg_wal');
  mkdirSync(pgWal);
  put(layout.wal, name(3), segment(3));
  put(layout.stream, name(3), segment(3));
  put(layout.stream, name(4), segment(4));
  put(layout.stream, `${name(5)}.partial`, segment(5, 500));
  put(layout.stream, `${name(6)}.partial`, segment(6, 500));
  put(pgWal, name(5), segment(5, 400));
  put(pgWal, name(6), segment(6, 600));
  const placed = await placeStreamed({ layout, segmentSizeBytes: mb, dataDir, account: undefined });
  expect(placed.sort()).toEqual([name(4), name(5)]);
  expect(list(pgWal)).toEqual([name(4), name(5), name(6)]);
  expect(readFileSync(join(pgWal, name(5))).equals(segment(5, 500))).toBe(true);
  expect(readFileSync(join(pgWal, name(6))).equals(segment(6, 600))).toBe(true);
});

test('a stream of another cluster is not gone on with', async () => {
  const layout = await folders();
  put(layout.stream, `${name(4)}.partial`, segment(4, 100));
  await requireOwnStream(layout, mb, '7', signal);
  await expect(requireOwnStream(layout, mb, '8', signal)).rejects.toMatchObject({ type: 'ArchivingRefused' });
});
