import { execFileSync } from 'node:child_process';
import {
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BaseStart } from '../../src/domain/wal/archive-coverage.js';
import { isWhole } from '../../src/domain/wal/archive-report.js';
import { parseArchivedName } from '../../src/domain/wal/wal-file.js';
import { segmentStart } from '../../src/domain/wal/wal-segment.js';
import { compressArchive } from '../../src/repository/local/wal/compress-archive.js';
import { compressSegment } from '../../src/repository/local/wal/compress-segment.js';
import { removeAbandonedWal } from '../../src/repository/local/wal/remove-abandoned.js';
import type { ArchiveOwner } from '../../src/repository/local/wal/segment-flaw.js';
import { verifyArchive } from '../../src/repository/local/wal/verify-archive.js';
import { chooseWalCompressor, type WalCompressor } from '../../src/repository/local/wal/wal-compressor.js';
import { type WalLayout, walLayout } from '../../src/repository/local/wal/wal-layout.js';
import {
  drained,
  archivedSegmentBytes as mb,
  promote,
  startArchiving,
} from '../support/archiving-cluster.js';
import { scratchRoot } from '../support/server-user.js';
import { scratchFolder } from './support/scratch.js';

let folder: string;
let owner: ArchiveOwner;
/** Names of the segments that recovery on timeline 2 reads, oldest first. */
let way: string[];

/** An archive that a real server filled: some segments, a promotion, some more. Each test gets a copy. */
beforeAll(async () => {
  folder = await mkdtemp(join(scratchRoot(), 'hf-verify-'));
  const { cluster, layout } = await startArchiving();
  await using _ = cluster;
  for (let at = 0; at < 5; at++) await cluster.psql(`CREATE TABLE a${at} (); SELECT pg_switch_wal()`);
  await promote(cluster);
  for (let at = 0; at < 4; at++) await cluster.psql(`CREATE TABLE b${at} (); SELECT pg_switch_wal()`);
  await drained(cluster);
  const systemIdentifier = await cluster.psql('SELECT system_identifier FROM pg_control_system()');
  owner = { serverMajor: 15, systemIdentifier, segmentSizeBytes: mb };
  execFileSync('cp', ['-a', layout.incremental, join(folder, 'incremental')]);
  const segments = readdirSync(layout.wal).filter((name) => /^[0-9A-F]{24}$/.test(name));
  const firstOfTwo = segments.filter((name) => name.startsWith('00000002')).sort()[0] ?? '';
  way = segments
    .filter((name) => name.startsWith('00000002') || name.slice(8) < firstOfTwo.slice(8))
    .sort((a, b) => (a.slice(8) < b.slice(8) ? -1 : 1));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function copy(): WalLayout {
  const root = scratchFolder();
  execFileSync('cp', ['-a', join(folder, 'incremental'), root]);
  return walLayout(root);
}

const verify = (layout: WalLayout, more: { bases?: BaseStart[]; mostHeaders?: number } = {}) =>
  verifyArchive({ layout, owner, currentTimeline: 2, bases: [], ...more });

const writtenAt = ({ wal }: WalLayout, name: string) =>
  new Date(statSync(join(wal, name)).mtimeMs).toISOString();

test('an archive as a server leaves it across a promotion is whole', async () => {
  const layout = copy();
  const report = await verify(layout);
  expect(isWhole(report)).toBe(true);
  expect(way.length).toBeGreaterThan(8);
  expect(report).toMatchObject({ oldest: way[0], newest: way.at(-1), remembered: 0, unchecked: 0 });
  expect(report.newestWrittenAt).toBe(writtenAt(layout, way.at(-1) ?? ''));
  expect(report.checked).toBe(report.segments);
});

test('what was verified is not read again, unless its size or time differ', async () => {
  const layout = copy();
  const { segments } = await verify(layout);
  expect(await verify(layout)).toMatchObject({ checked: 0, remembered: segments });
  utimesSync(join(layout.wal, way[1] ?? ''), 1, 1);
  expect(await verify(layout)).toMatchObject({ checked: 1, remembered: segments - 1 });
});

test.for(['', 'no JSON', '{"format_version":1}', '{"format_version":2,"segments":{}}'])(
  'a memory that says %j is as none',
  async (text) => {
    const layout = copy();
    const { segments } = await verify(layout);
    writeFileSync(join(layout.metadata, 'verified-segments.json'), text);
    expect(await verify(layout)).toMatchObject({ checked: segments, remembered: 0 });
  },
);

test('the memory of another cluster’s archive is as none', async () => {
  const layout = copy();
  const { segments } = await verify(layout);
  const report = await verifyArchive({
    layout,
    owner: { ...owner, systemIdentifier: '1' },
    currentTimeline: 2,
    bases: [],
  });
  expect(report).toMatchObject({ remembered: 0, segments: 0, foreign: { total: segments } });
});

test('a run reads no more than it may, the newest first, and the next ones go on', async () => {
  const layout = copy();
  const { segments } = await verify(copy());
  damage(layout, way.at(-1) ?? '');
  damage(layout, way[0] ?? '');
  const first = await verify(layout, { mostHeaders: 3 });
  expect(first).toMatchObject({ checked: 3, unchecked: segments - 3, damaged: { total: 1 } });
  let last = first;
  for (let run = 0; run < segments && last.unchecked > 0; run++)
    last = await verify(layout, { mostHeaders: 3 });
  expect(last).toMatchObject({ unchecked: 0, damaged: { total: 2 } });
});

test('G6: missing segments are named with the time they cost, up to the next base backup', async () => {
  const layout = copy();
  const [before = '', first = '', last = '', after = ''] = way.slice(1);
  for (const name of [first, last]) rmSync(join(layout.wal, name));
  const gap = {
    firstMissing: first,
    lastMissing: last,
    segments: 2,
    unrecoverableFrom: writtenAt(layout, before),
  };
  expect((await verify(layout)).gaps).toEqual({ items: [{ ...gap, unrecoverableTo: null }], total: 1 });
  const consistentAt = '2030-01-01T00:00:00.000Z';
  const parsed = parseArchivedName(after, mb);
  if (parsed?.kind !== 'segment') throw new Error(`${after} is no segment`);
  const startLsn = segmentStart(parsed.segment.number, mb);
  const bases = [{ timeline: parsed.segment.timeline, startLsn, consistentAt }];
  expect(isWhole(await verify(layout, { bases }))).toBe(true);
  const older = { ...bases[0], timeline: 1, startLsn: segmentStart(1, mb) } as BaseStart;
  const { gaps } = await verify(layout, { bases: [older, ...bases] });
  expect(gaps.items).toContainEqual({ ...gap, unrecoverableTo: consistentAt });
});

function damage({ wal }: WalLayout, name: string, change = (bytes: Buffer) => bytes.fill(0, 0, 8192)): void {
  const path = join(wal, name);
  const { atime, mtime } = statSync(path);
  writeFileSync(path, change(readFileSync(path)));
  utimesSync(path, atime, new Date(mtime.getTime() + 1000));
}

/** A change in place. */
const changed = (write: (bytes: Buffer) => unknown) => (bytes: Buffer) => {
  write(bytes);
  return bytes;
};

describe('a segment counts as missing, and is told, that', () => {
  test.for([
    [
      'is half a copy',
      (bytes: Buffer) => bytes.subarray(0, mb / 2),
      /it has 524288 bytes, a segment has 1048576/,
    ],
    ['is empty', (bytes: Buffer) => bytes.subarray(0, 0), /it has 0 bytes/],
    ['begins with zeros', (bytes: Buffer) => bytes.fill(0, 0, 8192), /not begin with a page/],
    [
      'is of another version',
      changed((bytes) => bytes.writeUInt8(0x16, 0)),
      /format is d116, .*PostgreSQL 15/,
    ],
    ['is of another size', changed((bytes) => bytes.writeUInt32LE(2 * mb, 32)), /have 2097152 bytes/],
    [
      'is of another timeline',
      changed((bytes) => bytes.writeUInt32LE(7, 4)),
      /on timeline 7, its name says 1/,
    ],
  ] as const)('%s', async ([_, change, why]) => {
    const layout = copy();
    const file = way[2] ?? '';
    damage(layout, file, change);
    const report = await verify(layout);
    expect(report.damaged).toEqual({ items: [{ file, why: expect.stringMatching(why) }], total: 1 });
    expect(report.gaps).toMatchObject({ items: [{ firstMissing: file, lastMissing: file }], total: 1 });
  });

  test('has another’s name', async () => {
    const layout = copy();
    const [a = '', b = ''] = way.slice(1);
    for (const [from, to] of [
      [a, 'x'],
      [b, a],
      ['x', b],
    ] as const)
      renameSync(join(layout.wal, from), join(layout.wal, to));
    const { damaged } = await verify(layout);
    expect(damaged.items.map(({ file }) => file)).toEqual([a, b]);
    expect(damaged.items[0]?.why).toMatch(/begins at \S+, its name says/);
  });

  test('is a link to a whole one', async () => {
    const layout = copy();
    const file = way[2] ?? '';
    renameSync(join(layout.wal, file), join(layout.root, 'elsewhere'));
    symlinkSync(join(layout.root, 'elsewhere'), join(layout.wal, file));
    expect((await verify(layout)).damaged.items).toEqual([{ file, why: 'it is no regular file' }]);
  });

  test('G12: is another cluster’s', async () => {
    const layout = copy();
    const file = way[2] ?? '';
    damage(
      layout,
      file,
      changed((bytes) => bytes.writeBigUInt64LE(42n, 24)),
    );
    const { foreign, gaps } = await verify(layout);
    expect(foreign.items).toEqual([{ file, why: expect.stringContaining('system identifier 42') }]);
    expect(gaps.total).toBe(1);
  });
});

test.for(['gzip', 'zstd'])(
  'a segment that %s compressed is read to its header, and damage to it told',
  async (program) => {
    const layout = copy();
    const [good = '', bad = ''] = way.slice(2);
    damage(layout, bad);
    const args = program === 'zstd' ? ['-q', '--rm'] : [];
    execFileSync(program, [...args, good, bad], { cwd: layout.wal });
    const suffix = program === 'zstd' ? '.zst' : '.gz';
    const { damaged } = await verify(layout);
    expect(damaged.items).toEqual([
      { file: `${bad}${suffix}`, why: expect.stringContaining('not begin with a page') },
    ]);
    writeFileSync(join(layout.wal, `${bad}${suffix}`), 'no such format');
    expect((await verify(layout)).damaged.items[0]?.why).toContain('be decompressed');
  },
);

test('of a segment that is there twice, while it is compressed, the uncompressed file counts', async () => {
  const layout = copy();
  const file = way[2] ?? '';
  execFileSync('gzip', ['-k', file], { cwd: layout.wal });
  writeFileSync(join(layout.wal, `${file}.gz`), 'half');
  expect(isWhole(await verify(layout))).toBe(true);
});

test('a history that is missing or can’t be read is told', async () => {
  const layout = copy();
  const file = '00000002.history';
  writeFileSync(join(layout.wal, file), 'nonsense');
  expect((await verify(layout)).damaged.items).toEqual([{ file, why: expect.stringContaining('nonsense') }]);
  rmSync(join(layout.wal, file));
  expect((await verify(layout)).damaged.items).toEqual([{ file, why: expect.stringContaining('missing') }]);
});

test('what no server archives is told, and partial files are not', async () => {
  const layout = copy();
  for (const name of ['notes.txt', '.partial-x', '000000010000000000010000'])
    writeFileSync(join(layout.wal, name), '');
  const { unknown } = await verify(layout);
  expect(unknown.items.sort()).toEqual(['000000010000000000010000', 'notes.txt']);
});

test('an archive that is not there is an error, not an empty one', async () => {
  await expect(verify(walLayout(join(scratchFolder(), 'nowhere')))).rejects.toMatchObject({
    type: 'RepositoryNotWritable',
  });
});

describe('compression of the archive', () => {
  const compress = (layout: WalLayout) => compressArchive({ layout, owner });
  const segmentsOf = (layout: WalLayout) =>
    readdirSync(layout.wal).filter((name) => /^[0-9A-F]{24}/.test(name));

  test('takes what was verified, keeps its bytes and times, and need not be verified again', async () => {
    const layout = copy();
    expect(await compress(layout)).toEqual({ segments: 0, bytesBefore: 0, bytesAfter: 0 });
    const { segments } = await verify(layout);
    const [name = ''] = way;
    const [bytes, { mtimeMs }] = [readFileSync(join(layout.wal, name)), statSync(join(layout.wal, name))];
    const done = await compress(layout);
    expect(done).toMatchObject({ segments, bytesBefore: segments * mb });
    expect(done.bytesAfter).toBeLessThan(done.bytesBefore / 2);
    const [stored = ''] = segmentsOf(layout).filter((file) => file.startsWith(name));
    expect(Math.abs(statSync(join(layout.wal, stored)).mtimeMs - mtimeMs)).toBeLessThan(1);
    const program = stored.endsWith('.zst') ? 'zstd' : 'gzip';
    const read = execFileSync(program, ['-dc', stored], { cwd: layout.wal, maxBuffer: 2 * mb });
    expect(read.equals(bytes)).toBe(true);
    const report = await verify(layout);
    expect(isWhole(report)).toBe(true);
    expect(report).toMatchObject({ checked: 0, remembered: segments });
    expect(readdirSync(layout.partials)).toEqual([]);
    expect(statSync(join(layout.wal, stored)).uid).toBe(statSync(layout.wal).uid);
  });

  test('tells of progress also within a segment, which may be large and its disk slow', async () => {
    const layout = copy();
    const { segments } = await verify(layout);
    const told: number[] = [];
    await compressArchive({ layout, owner, onProgress: (done) => void told.push(done) });
    expect(new Set(told)).toEqual(new Set(Array.from({ length: segments + 1 }, (_, done) => done)));
    expect(told.length).toBeGreaterThan(2 * segments);
  });

  test.for(['zstd', 'gzip'] as const)(
    'by %s: what another run left there counts only when it holds the same',
    async (program) => {
      const layout = copy();
      const compressor: WalCompressor =
        program === 'zstd' ? await chooseWalCompressor() : { compression: 'gzip' };
      const [good = '', bad = ''] = way;
      const suffix = program === 'zstd' ? '.zst' : '.gz';
      execFileSync(program, [...(program === 'zstd' ? ['-q'] : []), '-k', good, bad], { cwd: layout.wal });
      writeFileSync(join(layout.wal, `${bad}${suffix}`), readFileSync(join(layout.wal, `${good}${suffix}`)));
      const { signal } = new AbortController();
      expect(await compressSegment(layout, good, compressor, { signal })).toBe(`${good}${suffix}`);
      await expect(compressSegment(layout, bad, compressor, { signal })).rejects.toMatchObject({
        type: 'VerificationFailed',
        message: expect.stringContaining('does not hold the same bytes'),
      });
      expect(segmentsOf(layout)).toContain(bad);
      expect(segmentsOf(layout)).not.toContain(good);
      expect(readdirSync(layout.partials)).toEqual([]);
    },
  );

  test('a segment that is not there, or a link, is left', async () => {
    const layout = copy();
    const { signal } = new AbortController();
    const name = way[0] ?? '';
    rmSync(join(layout.wal, name));
    expect(await compressSegment(layout, name, { compression: 'gzip' }, { signal })).toBeUndefined();
    symlinkSync(join(layout.wal, way[1] ?? ''), join(layout.wal, name));
    expect(await compressSegment(layout, name, { compression: 'gzip' }, { signal })).toBeUndefined();
  });
});

test('partial files are removed once they are abandoned, whatever their own time', async () => {
  const layout = copy();
  writeFileSync(join(layout.partials, 'x.1'), '');
  utimesSync(join(layout.partials, 'x.1'), 1, 1);
  expect(await removeAbandonedWal(layout, new Date(Date.now() - 60_000))).toEqual([]);
  expect(await removeAbandonedWal(layout, new Date(Date.now() + 60_000))).toEqual(['x.1']);
  expect(readdirSync(layout.partials)).toEqual([]);
});
