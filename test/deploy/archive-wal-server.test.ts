import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, test, vi } from 'vitest';
import { parseTimelineHistory } from '../../src/domain/timeline-history.js';
import { parseArchivedName } from '../../src/domain/wal-file.js';
import { nextSegment, segmentName } from '../../src/domain/wal-segment.js';
import { type Cluster, startCluster } from '../support/cluster.js';
import { postgresVersions } from '../support/postgresql-binaries.js';
import { giveToServer } from '../support/template-data-dir.js';

const shipped = fileURLToPath(new URL('../../deploy/archive-wal.sh', import.meta.url));
const mb = 1024 * 1024;

/** A cluster with segments of 1 MB whose archive command is the script, in a folder that has to be quoted. */
async function startArchiving(version: Cluster['version']) {
  const cluster = await startCluster({
    version,
    initdbArgs: ['--wal-segsize=1'],
    settings: { archive_mode: 'on', archive_command: 'false', max_wal_size: '2GB', wal_level: 'replica' },
  });
  const place = join(cluster.dataDir, '..', `it's an archive`);
  const wal = join(place, 'wal');
  await mkdir(wal, { recursive: true });
  await copyFile(shipped, join(place, 'archive-wal.sh'));
  await giveToServer(place, wal);
  const script = join(place, 'archive-wal.sh').replaceAll("'", `'\\''`);
  const command = `sh '${script}' "%p" "%f" || exit 1`.replaceAll("'", "''");
  await cluster.psql(`ALTER SYSTEM SET archive_command = '${command}'`);
  await cluster.psql('SELECT pg_reload_conf()');
  return { cluster, wal };
}

/** Waits until the server has nothing left to archive. */
async function drained({ dataDir }: Cluster): Promise<void> {
  const ready = async () => {
    const names = await readdir(join(dataDir, 'pg_wal', 'archive_status'));
    return names.filter((name) => name.endsWith('.ready')).length;
  };
  await vi.waitUntil(async () => (await ready()) === 0, { timeout: 120_000, interval: 100 });
}

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
  'PostgreSQL %i archives segments, backup histories, and at a promotion .partial and .history',
  async (version) => {
    const { cluster, wal } = await startArchiving(version);
    await using _ = cluster;
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
    await cluster.stop();
    await writeFile(join(cluster.dataDir, 'standby.signal'), '');
    await cluster.start();
    await cluster.psql('SELECT pg_promote()');
    await cluster.psql('SELECT pg_switch_wal()');
    await drained(cluster);
    const names = await readdir(wal);
    const history = parseTimelineHistory(2, await readFile(join(wal, '00000002.history'), 'utf8'));
    expect(history).toMatchObject({ history: [{ timeline: 1 }, { timeline: 2, end: null }] });
    expect(names.filter((name) => parseArchivedName(name, mb)?.kind === 'partial')).toHaveLength(1);
    expect(names.filter((name) => name !== '.partial' && !parseArchivedName(name, mb))).toEqual([]);
    expect(await readFile(cluster.logFile, 'utf8')).not.toContain('archive command failed');
  },
);

test('500 segments under load, with the server and its archiver killed meanwhile: none lost, none doubled', async () => {
  const { cluster, wal } = await startArchiving(15);
  await using _ = cluster;
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
      await vi.waitUntil(async () => (await segmentsIn(wal)).length > had + 20, { timeout: 60_000 });
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
