import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readPasswordFile } from '../../../src/postgres/connection/password-file.js';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hf-pgpass-'));
  file = join(folder, 'pgpass');
});
afterEach(() => rm(folder, { recursive: true }));

const shop = { host: 'db', port: 5432, database: 'shop', user: 'ann' };

async function write(text: string, mode = 0o600): Promise<void> {
  await writeFile(file, text);
  await chmod(file, mode);
}

test('the first line that matches gives the password', async () => {
  await write('#db:5432:shop:ann:comment\ndb:5433:shop:ann:port\ndb:*:*:ann:right\n*:*:*:*:late\n');
  expect(readPasswordFile(file, shop)).toEqual({ password: 'right' });
});

test('no line that matches gives no password and no complaint', async () => {
  await write('other:*:*:*:x\nnonsense\n');
  expect(readPasswordFile(file, shop)).toEqual({});
  expect(readPasswordFile(join(folder, 'absent'), shop)).toEqual({});
});

test.each([
  ['db:5432:a\\:b:ann:x\\:y\\\\z', 'a:b', 'x:y\\z'],
  ['db:5432:shop:ann:x:y', 'shop', 'x:y'],
  ['db:5432:\\\\:ann: x ', '\\', ' x '],
  ['db:5432:\\*:ann:star', '*', 'star'],
])('%s, asked for database %s, gives %s', async (line, database, password) => {
  await write(`${line}\n`);
  expect(readPasswordFile(file, { ...shop, database })).toEqual({ password });
});

test('an escaped star is a name, not a pattern', async () => {
  await write('db:5432:\\*:ann:star\n');
  expect(readPasswordFile(file, shop)).toEqual({});
});

test.each(['/var/run/postgresql', '/tmp'])(
  'a built-in socket folder (%s) is looked up as localhost',
  async (host) => {
    await write('localhost:*:*:*:local\n');
    expect(readPasswordFile(file, { ...shop, host })).toEqual({ password: 'local' });
  },
);

test('any other socket folder is looked up by its path', async () => {
  await write('localhost:*:*:*:local\n/srv/pg:*:*:*:path\n');
  expect(readPasswordFile(file, { ...shop, host: '/srv/pg' })).toEqual({ password: 'path' });
});

test('a file that others can read is ignored, and the reason told', async () => {
  await write('*:*:*:*:x\n', 0o640);
  expect(readPasswordFile(file, shop)).toEqual({ ignoredBecause: expect.stringContaining('must be 0600') });
});
