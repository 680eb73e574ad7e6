import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { createWorkplace, holdfastPath, type Workplace } from '../support/holdfast.js';
import { onTerminal } from '../support/on-terminal.js';

let place: Workplace;

beforeAll(async () => {
  place = await createWorkplace({ COLUMNS: '80' });
});

afterAll(async () => {
  await place[Symbol.asyncDispose]();
});

test('--help has every command, examples, where settings come from and the exit codes, in 80 columns', async () => {
  const { exitCode, stdout, stderr } = await place.run('--help');
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  for (const command of [
    'backup',
    'list',
    'show',
    'verify',
    'expire',
    'keep',
    'release',
    'remove',
    'wal',
    'drill',
    'monitor',
    'metrics',
    'alert',
    'schedule',
    'worker',
    'config',
  ]) {
    expect(stdout).toMatch(new RegExp(`^  ${command}\\b`, 'm'));
  }
  for (const part of ['Examples:', 'holdfast.yaml', 'Exit codes:', '7 already running']) {
    expect(stdout).toContain(part);
  }
  expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
});

test('a command’s --help has its options', async () => {
  const { exitCode, stdout } = await place.run('backup', '--help');
  expect(exitCode).toBe(0);
  for (const option of ['--all', '--compression', '--level', '--keep-last', '--detach', '--cluster']) {
    expect(stdout).toMatch(new RegExp(`^  ${option}\\b`, 'm'));
  }
});

test('--version prints the version and nothing else', async () => {
  expect(await place.run('--version')).toEqual({ exitCode: 0, stdout: packageJson.version, stderr: '' });
});

test.for([
  [['bakup'], 'Did you mean backup?'],
  [['list', '--nonsense'], "unknown option '--nonsense'"],
  [['list', '--limit', '0'], 'at least 1'],
  [['list', 'a', 'b'], 'too many arguments'],
  [['list', '--since', '2026-01-02'], 'no time with its UTC offset'],
  [['list', '--since', '1 day ago', '--until', '2 days ago'], 'is later than --until'],
  [['backup', 'x', '--compression', 'brotli'], 'gzip, zstd, lz4'],
  [['backup'], 'no database was named'],
  [['backup', 'x', '--all'], 'exclude each other'],
  [['backup', 'x', '--include', 'y*'], '--include exclude each other'],
  [['drill'], 'no database was named'],
  [['drill', 'x', '--all'], 'exclude each other'],
  [['verify'], 'no backup was named'],
  [['show'], "missing required argument 'id'"],
  [['list', '--cluster', 'nope'], 'only default'],
  [['wal', 'setup', '--base'], "unknown option '--base'"],
  [['--config', 'nowhere.yaml', 'list'], 'nowhere.yaml'],
  [[], 'Usage: holdfast'],
] as const)('%j is a mistake: exit code 2, told on standard error alone', async ([args, words]) => {
  const { exitCode, stdout, stderr } = await place.run(...args);
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  expect(stderr).toContain(words);
  expect(stderr).not.toMatch(/^\s+at /m);
});

test('config show tells every setting with its origin, and masks what is secret', async () => {
  const env = {
    PGHOST: 'db.example.com',
    PGPASSWORD: 'hunter2hunter2',
    ALERT_ENDPOINT: 'https://alerts:hunter2hunter2@example.com/hook',
  };
  const { exitCode, stdout, stderr } = await place.start(['config', 'show'], env);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^ +host: db\.example\.com # environment$/m);
  expect(stdout).toMatch(/^ +retentionDays: 30 # default$/m);
  expect(stdout).toMatch(/^ +password: "\*+" # environment$/m);
  const json = await place.start(['--json', 'config', 'show'], env);
  expect(JSON.parse(json.stdout)).toMatchObject({ version: 1, clusters: { default: { retentionDays: 30 } } });
  expect(stdout + stderr + json.stdout + json.stderr).not.toContain('hunter2');
});

test('config schema is one JSON Schema of holdfast.yaml', async () => {
  const schema = await place.json<{ properties: object }>('config', 'schema');
  expect(Object.keys(schema.properties)).toEqual(
    expect.arrayContaining(['version', 'clusters', 'backupDir']),
  );
});

test('colours are only for a terminal, and not with --no-color or NO_COLOR', async () => {
  const command = ['show', 'nothing'];
  expect(await onTerminal(place, command)).toContain('\u001b[31m✗ find backup "nothing"');
  expect(await onTerminal(place, ['--no-color', ...command])).not.toContain('\u001b[');
  expect(await onTerminal(place, command, { NO_COLOR: '1' })).not.toContain('\u001b[');
  expect((await place.run('show', 'nothing')).stderr).not.toContain('\u001b[');
});

test('a reader that ends early, as head does, is no error', async () => {
  const command = `"$0" "$1" --help | head -1; exit "\${PIPESTATUS[0]}"`;
  const options = { env: place.env, extendEnv: false, reject: false } as const;
  const { exitCode, stdout, stderr } = await execa(
    'bash',
    ['-c', command, process.execPath, holdfastPath],
    options,
  );
  expect({ exitCode, stdout, stderr }).toEqual({
    exitCode: 0,
    stdout: 'Usage: holdfast [options] [command]',
    stderr: '',
  });
});
