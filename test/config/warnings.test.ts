import { afterEach, beforeEach, expect, test } from 'vitest';
import { createWorkingFolder, type WorkingFolder } from './working-folder.js';

let folder: WorkingFolder;

beforeEach(async () => {
  folder = await createWorkingFolder();
});

afterEach(() => folder.remove());

test.for<[name: string, meant: string | undefined]>([
  ['RETENTION_DAY', 'RETENTION_DAYS'],
  ['MAX_BACKUP_AGE', 'MAX_BACKUP_AGE_HOURS'],
  ['BACKUP_DIRS', 'BACKUP_DIR'],
  ['PGUSR', 'PGUSER'],
  ['TEMPORAL_ADRESS', 'TEMPORAL_ADDRESS'],
  ['HOLDFAST_COLOUR', undefined],
])('the variable %s is told as no setting', async ([name, meant]) => {
  const { warnings } = await folder.load({ [name]: 'hunter2' });
  const question = meant === undefined ? '' : `: did you mean ${meant}?`;
  expect(warnings).toEqual([`${name} (environment) is no setting${question}`]);
});

test.for([
  ...[
    'PGDATABASE',
    'PGDATA',
    'PGSSLCERT',
    'PGHOSTADDR',
    'PATH',
    'HOME',
    'BACKUP',
    'ALERTS',
    'TEMPORAL_API_KEY',
  ],
  ...[
    'HOLDFAST_STATE_DIR',
    'HOLDFAST_TEST_CHAOS',
    'RETENTION_DAYS',
    'MAX_OLD_SPACE',
    'KEEP',
    'npm_config_host',
  ],
])('the variable %s is nobody’s mistake', async (name) => {
  expect((await folder.load({ [name]: '7' })).warnings).toEqual([]);
});

test('a misspelt variable of .env is told with its file', async () => {
  const path = await folder.write('.env', 'COMPRESION=zstd\n');
  expect((await folder.load()).warnings).toEqual([
    `COMPRESION (${path}) is no setting: did you mean COMPRESSION?`,
  ]);
});

test('a database or cluster called __proto__ is refused, instead of losing its policy without a word', async () => {
  await folder.write(
    'holdfast.yaml',
    'clusters:\n  main:\n    databases:\n      __proto__: { approval: { protected: true } }\n  __proto__: {}\n',
  );
  const problems = await folder.problems();
  expect(problems).toHaveLength(2);
  expect(problems[0]).toMatch(/^clusters\.main\.databases\.__proto__: .* read from .*holdfast\.yaml:4$/);
  expect(problems[1]).toMatch(/^clusters\.__proto__: .* read from .*holdfast\.yaml:5$/);
});

test('the files that hold secrets are known: password files of this host, .env, and channels with keys', async () => {
  const dotenv = await folder.write('.env', 'PGPASSWORD=hunter2\nPGUSER=me\n');
  const file = await folder.write(
    'holdfast.yaml',
    `clusters:
  here: { connection: { passwordFile: here.pw } }
  far: { host: elsewhere, connection: { passwordFile: far.pw } }
alerts: { endpoint: "https://me:secret@alerts.example/in" }
`,
  );
  await folder.write('here.pw', 'x');
  expect((await folder.load()).secretFiles).toEqual([
    { path: `${folder.path}/here.pw`, holds: 'the password of cluster here' },
    { path: dotenv, holds: 'PGPASSWORD' },
    { path: file, holds: 'keys of alert channels' },
  ]);
  await folder.write('.env', 'PGUSER=me\n');
  await folder.write('holdfast.yaml', 'alerts: { endpoint: "https://alerts.example/in" }\n');
  expect((await folder.load()).secretFiles).toEqual([]);
});
