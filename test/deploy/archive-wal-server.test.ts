import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test, vi } from 'vitest';
import { parseTimelineHistory } from '../../src/domain/wal/timeline-history.js';
import { parseArchivedName } from '../../src/domain/wal/wal-file.js';
import { nextSegment, segmentName } from '../../src/domain/wal/wal-segment.js';
import { verifyArchive } from '../../src/repository/local/wal/verify-archive.js';
import {
  drained,
  archivedSegmentBytes as mb,
  promote,
  startArchiving,
} from '../support/archiving-cluster.js';
import { patience } from '../support/patience.js';
import { postgresVersions } from '../support/postgresql-binaries.js';

/** Names of archived segments, in order. */
async function segmentsIn(wal: string): Promise<string[]> {
  const names = await readdir(wal);
  return names.filter((name) => parseArchivedName(name, mb)?.kind === 'segment').sort();
}

function following(name: string): string {
  const parsed = parseArchivedName(name, mb);
  return parsed?.kind === 'segment' ? segmentName(nextSegment(parsed.segment), mb) : '';
}

/** Throws where a segment is missing in a row of one timeline's. */
function expectRow(names: string[]): void {
  expect(names.slice(1)).toEqual(names.slice(0, -1).map(following));
}

test.for(postgresVersions)(
  'PostgreSQL %i archives segments, backup histories, and at a promotion .partial and .history; all verified',
  async (version) => {
    const { cluster, layout } = await startArchiving(version);
    await using _ = cluster;
    const { wal } = layout;
    const base = join(cluster.dataDir, '..', 'base');
    await mkdir(base);
    const run = { env: cluster.env, extendEnv: false } as const;
    await execa(join(cluster.binDir, 'pg_basebackup'), ['-D', base, '-X', 'none', '-c', 'fast'], run);
    await cluster.psql('CREATE TABLE t AS SELECT generate_series(1, 60000) i');
    await cluster.psql('SELECT pg_switch_wal()');
    await cluster.psql('CHECKPOINT');
    await drained(cluster);
    const before = await segmentsIn(wal);
    expectRow(before);
    expect(
      (await readdir(wal)).filter((name) => parseArchivedName(name, mb)?.kind === 'backup'),
    ).toHaveLength(1);
    await cluster.psql('INSERT INTO t SELECT 1');
    await promote(cluster);
    await cluster.psql('SELECT pg_switch_wal()');
    await drained(cluster);
    const names = await readdir(wal);
    const history = parseTimelineHistory(2, await readFile(join(wal, '00000002.history'), 'utf8'));
    expect(history).toMatchObject({ history: [{ timeline: 1 }, { timeline: 2, end: null }] });
    expect(names.filter((name) => parseArchivedName(name, mb)?.kind === 'partial')).toHaveLength(1);
    expect(names.filter((name) => name !== '.partial' && !parseArchivedName(name, mb))).toEqual([]);
    const systemIdentifier = await cluster.psql('SELECT system_identifier FROM pg_control_system()');
    const report = await verifyArchive({
      layout,
      owner: { serverMajor: version, systemIdentifier, segmentSizeBytes: mb },
      currentTimeline: 2,
      bases: [],
    });
    expect(report).toMatchObject({ oldest: before[0], checked: report.segments, unknown: { total: 0 } });
    expect([...report.gaps.items, ...report.damaged.items, ...report.foreign.items]).toEqual([]);
    expect(await readFile(cluster.logFile, 'utf8')).not.toContain('archive command failed');
  },
);

test('500 segments under load, with the server and its archiver killed meanwhile: none lost, none doubled', async () => {
  const { cluster, layout } = await startArchiving();
  await using _ = cluster;
  const { wal } = layout;
  await cluster.psql('CREATE TABLE t (i int, filler text); ALTER TABLE t ALTER filler SET STORAGE EXTERNAL');
  const wanted = 500;
  const write = async () => {
    const filler = 'INSERT INTO t SELECT i, repeat(md5(i::text), 250) FROM generate_series(1, 1800) i';
    for (let at = 0; at < 12; at++) await cluster.psql(`${filler}; TRUNCATE t`);
  };
  for (let kills = 0; (await segmentsIn(wal)).length < wanted; kills++) {
    const writers = [write(), write()];
    const ended = Promise.allSettled(writers);
    if (kills < 3) {
      const had = (await segmentsIn(wal)).length;
      await vi.waitUntil(async () => (await segmentsIn(wal)).length > had + 20, patience);
      await cluster.stop('immediate');
      await ended;
      await cluster.start();
    } else {
      await Promise.all(writers);
      await drained(cluster);
    }
  }
  await cluster.psql('SELECT pg_switch_wal()');
  await drained(cluster);
  const names = await segmentsIn(wal);
  expect(names.length).toBeGreaterThanOrEqual(wanted);
  expectRow(names);
  expect((await readdir(wal)).filter((name) => name !== '.partial').sort()).toEqual(names);
  expect(await readdir(join(wal, '.partial'))).toEqual([]);
  const dump = join(cluster.binDir, 'pg_waldump');
  const read = await execa(dump, ['-q', '-p', wal, names[0] ?? '', names.at(-1) ?? ''], { reject: false });
  expect(read.stderr.replace(/.*(invalid record length|could not find file).*/s, 'end')).toMatch(/^(end)?$/);
  await rm(wal, { recursive: true });
});
