import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readService } from '../../../src/postgres/connection/service-file.js';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'hf-service-'));
});
afterEach(() => rm(home, { recursive: true }));

test('a service of ~/.pg_service.conf gives its parameters, the first of each', async () => {
  await writeFile(
    join(home, '.pg_service.conf'),
    '# ours\n[other]\nhost=wrong\n\n[shop]\nhost=db.example\nport=5433\nport=9\npassword=a=b c\n[shop]\nuser=late\n',
  );
  expect(Object.fromEntries(readService('shop', home, {}))).toEqual({
    host: 'db.example',
    port: '5433',
    password: 'a=b c',
  });
});

test('PGSERVICEFILE comes instead of the file in the home folder', async () => {
  await writeFile(join(home, '.pg_service.conf'), '[shop]\nhost=home\n');
  await writeFile(join(home, 'named'), '[shop]\nhost=named\n');
  const parameters = readService('shop', home, { PGSERVICEFILE: join(home, 'named') });
  expect(parameters.get('host')).toBe('named');
});

test('a service missing in the own file is looked up in PGSYSCONFDIR', async () => {
  await writeFile(join(home, '.pg_service.conf'), '[other]\nhost=home\n');
  await mkdir(join(home, 'etc'));
  await writeFile(join(home, 'etc', 'pg_service.conf'), '[shop]\nhost=system\n');
  const parameters = readService('shop', home, { PGSYSCONFDIR: join(home, 'etc') });
  expect(parameters.get('host')).toBe('system');
});

test('an unknown service is a wrong setting that names the files looked in', () => {
  expect(() => readService('shop', home, { PGSYSCONFDIR: '/nowhere' })).toThrow(
    expect.objectContaining({
      type: 'ConfigurationInvalid',
      message: expect.stringContaining(`${home}/.pg_service.conf, /nowhere/pg_service.conf`),
    }),
  );
});

test('a line that is no parameter is named by its number, and not shown', async () => {
  await writeFile(join(home, '.pg_service.conf'), '[shop]\nhost=x\ncanary-4711\n');
  const read = () => readService('shop', home, {});
  expect(read).toThrow(/pg_service\.conf, line 3/);
  expect(read).not.toThrow(/canary/);
});

test('a parameter that nobody knows is refused by its name, as libpq does', async () => {
  await writeFile(join(home, '.pg_service.conf'), '[shop]\nhosst=canary\n');
  const read = () => readService('shop', home, {});
  expect(read).toThrow(/pg_service\.conf, line 2 names "hosst"/);
  expect(read).not.toThrow(/canary/);
});

test.for(['65536', '0', 'x', '5432,5433'])('port=%s is refused with where it was read', async (port) => {
  await writeFile(join(home, '.pg_service.conf'), `[shop]\nhost=db\nport=${port}\n`);
  const story = {
    cause: `port is "${port}" in ${join(home, '.pg_service.conf')}, line 3, and must be a whole number from 1 to 65535`,
  };
  expect(() => readService('shop', home, {})).toThrow(
    expect.objectContaining({ type: 'ConfigurationInvalid', story: expect.objectContaining(story) }),
  );
});
