import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FullBackupResult } from '../../src/domain/backup/contracts.js';
import type { BackupMetadata } from '../../src/domain/backup/metadata.js';
import { findProgram } from '../../src/stream/program/find-program.js';
import { type Cluster, startCluster } from '../support/cluster.js';
import { dumpOf } from '../support/dump-of.js';
import { createServedWorkplace, type ServedWorkplace } from '../support/served-workplace.js';

let cluster: Cluster;
let place: ServedWorkplace;
let original: string;

beforeAll(async () => {
  cluster = await startCluster();
  place = await createServedWorkplace(cluster.env);
  await cluster.createDatabase('shop');
  await cluster.psql(
    `CREATE TABLE notes AS SELECT i, repeat(md5((i % 5000)::text), 3) AS note FROM generate_series(1, 20000) i`,
    'shop',
  );
  original = await dumpOf(cluster, 'shop');
});

afterAll(async () => {
  await place[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

const plainTools = [
  { method: 'gzip', suffix: '.sql.gz', tool: ['gzip', '-dc'], levels: [1, 9] },
  { method: 'zstd', suffix: '.sql.zst', tool: ['zstd', '-dc'], levels: [1, 19] },
  { method: 'lz4', suffix: '.sql.lz4', tool: ['lz4', '-dc'], levels: [1, 12] },
] as const;

for (const { method, suffix, tool, levels } of plainTools) {
  const [program, ...args] = tool;
  test.skipIf(!(await findProgram(program)))(
    `${method} is stored at the level asked for, verified, and read by ${tool.join(' ')}`,
    async () => {
      const sizes: number[] = [];
      for (const level of levels) {
        const { backup, path } = await backUp('--compression', method, '--level', String(level));
        expect(path.endsWith(suffix)).toBe(true);
        expect(await place.json<BackupMetadata>('show', backup.id)).toMatchObject({
          compression: method,
          compression_level: level,
        });
        expect(await place.run('verify', backup.id)).toMatchObject({ exitCode: 0 });
        expect(await loaded(await textOf(program, ...args, path))).toBe(original);
        sizes.push(backup.sizeBytes);
      }
      expect(sizes[1]).toBeLessThan(Number(sizes[0]));
    },
  );
}

for (const program of ['bgzip', 'node'] as const) {
  const path = program === 'node' ? 'built in' : await findProgram(program);
  test.skipIf(!path)(`gzip by ${program}, where PATH has nothing better, is read by gunzip`, async () => {
    const folder = join(place.folder, `only-${program}`);
    await mkdir(folder);
    if (path && program !== 'node') await symlink(path, join(folder, program));
    // A host without a worker: the command then works itself, with its own PATH.
    const env = { PATH: folder, PG_BIN_DIR: cluster.binDir, HOLDFAST_HOST: program };
    const run = await place.start(['--json', 'backup', 'shop'], env);
    expect(run).toMatchObject({ exitCode: 0 });
    const { backup, path: artifact } = JSON.parse(run.stdout) as FullBackupResult;
    const { tool_versions, stages } = await place.json<BackupMetadata>('show', backup.id);
    expect(Object.keys(tool_versions).sort()).toEqual(['pg_dump', program].sort());
    expect(stages.map(({ name }) => name).join(' ')).toContain(program);
    expect(await loaded(await textOf('gunzip', '-c', artifact))).toBe(original);
  });
}

test('without the program zstd needs, the backup is refused with what to install', async () => {
  const folder = join(place.folder, 'empty');
  await mkdir(folder);
  const env = { PATH: folder, PG_BIN_DIR: cluster.binDir, HOLDFAST_HOST: 'bare', COMPRESSION: 'zstd' };
  const { exitCode, stderr } = await place.start(['backup', 'shop'], env);
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/no program "zstd".*\n.*install/s);
});

test('a level that the method does not have is refused', async () => {
  const { exitCode, stderr } = await place.run('backup', 'shop', '--compression', 'gzip', '--level', '12');
  expect(exitCode).toBe(2);
  expect(stderr).toContain('gzip has 1 to 9');
});

function backUp(...options: string[]): Promise<FullBackupResult> {
  return place.json<FullBackupResult>('backup', 'shop', ...options);
}

async function textOf(program: string, ...args: string[]): Promise<string> {
  return (await execa(program, args, { stripFinalNewline: false })).stdout;
}

/** `pg_dump` of a new database into which `sql` was loaded. */
async function loaded(sql: string): Promise<string> {
  await cluster.psql('DROP DATABASE IF EXISTS again');
  await cluster.createDatabase('again');
  await cluster.psql(sql, 'again');
  return dumpOf(cluster, 'again');
}
