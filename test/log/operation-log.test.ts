import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { operationLog, pruneLogs } from '../../src/log.js';

let repository: string;
beforeEach(async () => {
  repository = await mkdtemp(join(tmpdir(), 'holdfast-log-'));
});
afterEach(() => rm(repository, { recursive: true }));

const id = {
  cluster: 'default',
  database: 'shop',
  workflowId: 'full-backup/default/shop',
  runId: '0198c0de-aaaa-bbbb',
  startedAt: new Date('2026-01-01T02:00:00Z'),
};
const silent = { destination: 'none', secrets: ['canary'] } as const;

test('an operation has a file of its own, with workflow and run id on every line and no secret', async () => {
  const log = operationLog(repository, 'full-backup', id, silent);
  log.logger.debug({ deep: { password: 'x', text: 'canary' } }, 'began');
  log.logger.child({ step: 'dump' }).error(new Error('a canary', { cause: new Error('canary') }));
  log.close();
  expect(log.path).toBe(join(repository, 'logs', '20260101_020000_full-backup_default_shop_aaaabbbb.log'));
  const text = await readFile(log.path, 'utf8');
  expect(text).not.toContain('canary');
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines).toHaveLength(2);
  for (const line of lines) expect(line).toMatchObject({ workflowId: id.workflowId, runId: id.runId });
});

test('runs that begin in the same second have files of their own', () => {
  const runIds = ['01a205e6-7802-7778-ac48-7117e6279665', '01a205e6-785c-70ca-8aa7-b5eff78f54f7'];
  const logs = runIds.map((runId) => operationLog(repository, 'full-backup', { ...id, runId }, silent));
  for (const { close } of logs) close();
  expect(new Set(logs.map(({ path }) => path)).size).toBe(2);
});

test('each step and attempt of a run adds to the same file', async () => {
  for (const step of ['dump', 'publish']) {
    const log = operationLog(repository, 'full-backup', id, silent);
    log.logger.info(step);
    log.close();
    log.logger.info('after the end');
  }
  const [file = ''] = await readdir(join(repository, 'logs'));
  const lines = (await readFile(join(repository, 'logs', file), 'utf8')).trimEnd().split('\n');
  expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(['dump', 'publish']);
});

test.each([0o000, 0o022, 0o777])('folder and file are private under umask %o', async (mask) => {
  const before = process.umask(mask);
  try {
    operationLog(repository, 'full-backup', id, silent).close();
  } finally {
    process.umask(before);
  }
  const [file = ''] = await readdir(join(repository, 'logs'));
  expect((await stat(join(repository, 'logs'))).mode & 0o7777).toBe(0o700);
  expect((await stat(join(repository, 'logs', file))).mode & 0o7777).toBe(0o600);
});

test('no symbolic link is followed', async () => {
  const { path, close } = operationLog(repository, 'full-backup', id, silent);
  close();
  const target = join(repository, 'precious');
  await writeFile(target, 'precious');
  await rm(path);
  await symlink(target, path);
  const open = () => operationLog(repository, 'full-backup', id, silent);
  expect(open).toThrow(expect.objectContaining({ type: 'SymbolicLinkRefused' }));
  await rm(join(repository, 'logs'), { recursive: true });
  await symlink(repository, join(repository, 'logs'));
  expect(open).toThrow(expect.objectContaining({ type: 'SymbolicLinkRefused' }));
  await expect(pruneLogs(repository)).rejects.toMatchObject({ type: 'SymbolicLinkRefused' });
  expect(await readFile(target, 'utf8')).toBe('precious');
});

test('a place that cannot be written is named', async () => {
  await writeFile(join(repository, 'logs'), '');
  const open = () => operationLog(repository, 'full-backup', id, silent);
  expect(open).toThrow(
    expect.objectContaining({ type: 'RepositoryNotWritable', message: expect.stringContaining(repository) }),
  );
});

test('a full disk loses lines, and the operation goes on', async () => {
  const script = `
    const { runnerImport } = await import('vite');
    const { module } = await runnerImport('src/log.ts', { configFile: false, logLevel: 'error' });
    const id = { cluster: 'default', workflowId: 'w', runId: 'r', startedAt: new Date(0) };
    const log = module.operationLog(process.argv[1], 'x', id, { destination: 'none', secrets: [] });
    for (let i = 0; i < 100; i++) log.logger.info('x'.repeat(1000));
    process.stdout.write('went on');`;
  // A limit of file sizes stands in for the full disk: EFBIG where that gives ENOSPC, and handled in the same place.
  const limited = `trap '' XFSZ; ulimit -f 8; exec "$0" --input-type=module -e "$1" "$2"`;
  const done = await new Promise<{ error: Error | null; stdout: string; stderr: string }>((resolve) => {
    execFile('sh', ['-c', limited, process.execPath, script, repository], (error, stdout, stderr) =>
      resolve({ error, stdout, stderr }),
    );
  });
  expect(done).toMatchObject({ error: null, stdout: 'went on' });
  const [file = ''] = await readdir(join(repository, 'logs'));
  expect((await stat(join(repository, 'logs', file))).size).toBeLessThan(100 * 1000);
});

test('a name of any length and kind makes a file name', async () => {
  for (const database of ['a/b', '../x', '-Fp', '\u0001'.repeat(63), '€'.repeat(21), 'x'.repeat(63)]) {
    const log = operationLog(repository, 'full-backup', { ...id, database }, silent);
    log.logger.info('x');
    log.close();
  }
  expect(await readdir(join(repository, 'logs'))).toHaveLength(6);
});

test('logs older than the days kept are removed, by the time in their names, and nothing else is', async () => {
  const logs = join(repository, 'logs');
  await mkdir(logs);
  const old = ['20251001_000000_full-backup_default_a_1.log', '20251001_000000_restore_default_a_1.json'];
  const kept = [
    '20251004_000001_full-backup_default_a_1.log',
    '20270101_000000_full-backup_default_a_1.log',
    'backup_full_20200101.log',
    '20209999_000000_x.log',
    '20200101_000000_x.sql',
  ];
  for (const name of [...old, ...kept]) await writeFile(join(logs, name), '');
  await mkdir(join(logs, '20200101_000000_folder.log'));
  await symlink(repository, join(logs, '20200101_000000_link.log'));
  expect(await pruneLogs(repository, 90, new Date('2026-01-02T00:00:00Z'))).toEqual(old);
  expect((await readdir(logs)).sort()).toEqual(
    [...kept, '20200101_000000_folder.log', '20200101_000000_link.log'].sort(),
  );
  await rm(logs, { recursive: true });
  expect(await pruneLogs(repository)).toEqual([]);
});
