import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FullBackupResult } from '../../src/domain/backup/contracts.js';
import type { BackupMetadata, BackupSummary } from '../../src/domain/backup/metadata.js';
import { findProgram } from '../../src/stream/program/find-program.js';
import { type Cluster, startCluster } from '../support/cluster.js';
import { dumpOf, loadByHand } from '../support/dump-of.js';
import { createWorkplace, type Workplace } from '../support/holdfast.js';
import { startTemporal, type TemporalServer } from '../support/temporal.js';

let cluster: Cluster;
let temporal: TemporalServer;
let place: Workplace;

beforeAll(async () => {
  cluster = await startCluster();
  temporal = await startTemporal();
  place = await createWorkplace({ ...cluster.env, ...temporal.env });
  await cluster.createDatabase('shop');
  await cluster.psql(
    `CREATE TABLE days AS SELECT '2025-03-30 00:30:00+00'::timestamptz + i * interval '1 hour' AS at, 'ıİğ' AS note
     FROM generate_series(1, 1000) i`,
    'shop',
  );
});

afterAll(async () => {
  await place[Symbol.asyncDispose]();
  await temporal[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

test('no hostile variable or start-up file changes a backup', async () => {
  const env = { ...(await hostileEnvironment()), COMPRESSION: 'gzip', COMPRESSION_LEVEL: '6' };
  const startedAt = Date.now();
  const run = await place.start(['--json', 'backup', 'shop'], env);
  expect(run).toMatchObject({ exitCode: 0 });
  const { backup, path, rows } = JSON.parse(run.stdout) as FullBackupResult;
  expect(rows).toBe(1000);
  expect(Math.abs(Date.parse(backup.takenAt) - startedAt)).toBeLessThan(600_000);

  const shown = await place.start(['--json', 'show', backup.id], env);
  expect(JSON.parse(shown.stdout)).toMatchObject({
    compression: 'gzip',
    compression_level: 6,
    timestamp: backup.takenAt
      .replace(/\.\d+Z$/, '')
      .replaceAll(/[-:]/g, '')
      .replace('T', '_'),
  } satisfies Partial<BackupMetadata>);
  const listed = await place.start(['--json', 'list'], env);
  expect((JSON.parse(listed.stdout) as { backups: BackupSummary[] }).backups).toEqual([
    { ...backup, kept: null },
  ]);
  const verified = await place.start(['verify', backup.id], env);
  expect(verified).toMatchObject({ exitCode: 0 });
  expect(verified.stdout).toContain('1,000 rows');

  await cluster.createDatabase('again');
  await loadByHand(cluster, path, 'again');
  expect(await dumpOf(cluster, 'again')).toBe(await dumpOf(cluster, 'shop'));
  expect(existsSync(join(place.folder, 'executed'))).toBe(false);
});

test.skipIf(!(await findProgram('zstd')))(
  'zstd keeps the level of the settings, whatever ZSTD_CLEVEL says',
  async () => {
    const env = { ...(await hostileEnvironment()), COMPRESSION: 'zstd', COMPRESSION_LEVEL: '3' };
    const run = await place.start(['--json', 'backup', 'shop'], env);
    expect(run).toMatchObject({ exitCode: 0 });
    const { path, backup } = JSON.parse(run.stdout) as FullBackupResult;
    const sizeAt = async (level: number) => {
      const { stdout } = await execa('bash', ['-c', `zstd -dc "$1" | zstd -${level} | wc -c`, 'bash', path]);
      return Number(stdout);
    };
    expect(backup.sizeBytes).not.toBe(await sizeAt(19));
    expect(backup.sizeBytes).toBe(await sizeAt(3));
  },
);

/** What an operator's shell may have set, and what an attacker would. */
async function hostileEnvironment(): Promise<Record<string, string>> {
  const home = join(place.folder, 'home');
  await mkdir(home, { recursive: true });
  const execute = `\\! touch ${join(place.folder, 'executed')}\n\\set ON_ERROR_STOP 1\nSELECT 1/0;\n`;
  await writeFile(join(home, '.psqlrc'), execute);
  return {
    HOME: home,
    PSQLRC: join(home, '.psqlrc'),
    PGOPTIONS: '-c statement_timeout=1 -c DateStyle=German -c row_security=on -c search_path=nowhere',
    PGTZ: 'Pacific/Kiritimati',
    PGDATESTYLE: 'SQL, DMY',
    PGCLIENTENCODING: 'LATIN5',
    PGDATABASE: 'postgres',
    PGAPPNAME: 'somebody else',
    TZ: 'Pacific/Kiritimati',
    LC_ALL: 'tr_TR.UTF-8',
    LANG: 'tr_TR.UTF-8',
    PAGER: `touch ${join(place.folder, 'executed')}; cat`,
    PSQL_PAGER: 'false',
    GZIP: '-1 --no-such-option',
    PIGZ: '-1 --no-such-option',
    ZSTD_CLEVEL: '19',
    ZSTD_NBTHREADS: '1',
    LZ4_CLEVEL: '12',
    COLUMNS: '10',
    POSIXLY_CORRECT: '1',
  };
}
