import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { cacheDirectory, stateDirectory } from '../../src/config/directories.js';
import { configFingerprint } from '../../src/config/fingerprint.js';
import { configJsonSchema } from '../../src/config/schema/file.js';
import { describeConfig, renderConfig } from '../../src/config/show.js';
import { maskUrl } from '../../src/mask-url.js';
import { secretsOf } from '../../src/redact.js';
import { createWorkingFolder, type WorkingFolder } from './working-folder.js';

let folder: WorkingFolder;
beforeEach(async () => {
  folder = await createWorkingFolder();
});
afterEach(() => folder.remove());

const secretive = {
  PGHOST: 'db.example',
  PGPASSWORD: 'canary-password',
  ALERT_ENDPOINT:
    'https://user:canary-basic@alerts.example/services/T0123/canary0canary0canary?token=canary-token',
  TEMPORAL_API_KEY: 'canary-key',
};

test('settings are shown as YAML with where each was read, every secret masked', async () => {
  const file = await folder.write('holdfast.yaml', 'defaults:\n  retentionDays: 12\n');
  const config = await folder.load({ ...secretive, HOLDFAST_HOST: 'db1' });
  const yaml = renderConfig(config);
  expect(yaml).not.toContain('canary');
  expect(yaml).toContain(`    retentionDays: 12 # ${file}:2`);
  expect(yaml).toContain('      password: "********" # environment');
  expect(yaml).toContain('      host: db.example # environment');
  expect(yaml).toContain('    keepLast: 1 # default');
  expect(yaml).toContain('https://********@alerts.example/services/T0123/********?token=********');
  expect(parse(yaml)).toEqual(describeConfig(config));
});

test('webhooks are shown with their secrets masked, and what is no field of an alert is refused', async () => {
  const webhook = (template: string) =>
    folder.write(
      'holdfast.yaml',
      `alerts:\n  webhooks:\n    - url: https://chat.example/hooks/canary0canary0canary\n      template: '${template}'\n`,
    );
  await webhook('{"text": "{{message}}"}');
  const config = await folder.load({ DEAD_MANS_SWITCH_URL: 'https://me:canary-dead@ping.example/' });
  const yaml = renderConfig(config);
  expect(yaml).not.toContain('canary');
  expect(parse(yaml)).toMatchObject({
    alerts: { webhooks: [{ url: 'https://chat.example/hooks/********', contentType: 'application/json' }] },
  });
  expect(secretsOf(config).sort()).toEqual(['canary-dead', 'canary0canary0canary']);
  await webhook('{{mesage}}');
  await expect(folder.load({})).rejects.toThrow(/alerts\.webhooks\.0\.template/);
});

test('every shown setting has an origin', async () => {
  const lines = renderConfig(await folder.load(secretive)).split('\n');
  const leaves = lines.filter(
    (line) => !line.endsWith(':') && line !== 'version: 1' && !line.includes('repositoryPath'),
  );
  expect(leaves.filter((line) => !/ # \S/.test(line))).toEqual([]);
});

test('secretsOf lists passwords, keys, and what is secret in the alert endpoint', async () => {
  expect(secretsOf(await folder.load(secretive)).sort()).toEqual(
    ['canary-password', 'canary-basic', 'canary0canary0canary', 'canary-token', 'canary-key'].sort(),
  );
});

test.each([
  ['https://h/a?b=1&c=2#d', 'https://h/a?b=********&c=********#********'],
  ['https://h/a?token', 'https://h/a?********'],
  ['https://h/alerts/backup', 'https://h/alerts/backup'],
  ['https://token@h', 'https://********@h'],
  ['nonsense', 'nonsense'],
])('%s is shown as %s', (url, masked) => {
  expect(maskUrl(url)).toBe(masked);
});

test('the fingerprint tells repositories and servers apart, and nothing else', async () => {
  const of = async (env: Record<string, string>) =>
    configFingerprint(await folder.load({ HOLDFAST_HOST: 'h', ...env }));
  const plain = await of({});
  expect(plain).toMatch(/^[0-9a-f]{12}$/);
  expect(await of({ PGPASSWORD: 'x', RETENTION_DAYS: '3', PGSSLMODE: 'require' })).toBe(plain);
  const others = [
    { BACKUP_DIR: '/b' },
    { PGHOST: 'x' },
    { PGPORT: '1' },
    { PGUSER: 'u' },
    { PGSERVICE: 's' },
  ];
  const all = await Promise.all(others.map(of));
  expect(new Set([plain, ...all]).size).toBe(others.length + 1);
});

test('the JSON Schema describes what the file allows', () => {
  const schema = configJsonSchema();
  expect(schema.$schema).toContain('draft-07');
  expect(schema.additionalProperties).toBe(false);
  expect(schema.properties?.defaults?.properties?.retentionDays).toMatchObject({
    type: 'integer',
    minimum: 1,
  });
  const cluster = schema.properties?.clusters?.additionalProperties;
  const connection = typeof cluster === 'object' ? cluster.properties?.connection : undefined;
  expect(Object.keys(connection?.properties ?? {})).toContain('passwordFile');
  expect(Object.keys(connection?.properties ?? {})).not.toContain('password');
});

test.each([
  [{ HOME: '/home/me' }, '/home/me/.local/state/holdfast', '/home/me/.cache/holdfast'],
  [{ HOME: '/h', XDG_STATE_HOME: '/s', XDG_CACHE_HOME: '/c' }, '/s/holdfast', '/c/holdfast'],
  [
    { HOME: '/h', XDG_STATE_HOME: 'relative', XDG_CACHE_HOME: '' },
    '/h/.local/state/holdfast',
    '/h/.cache/holdfast',
  ],
  [{ HOLDFAST_CACHE_DIR: '', XDG_CACHE_HOME: '/b' }, join(homedir(), '.local/state/holdfast'), '/b/holdfast'],
  [{ HOLDFAST_STATE_DIR: '/own', HOLDFAST_CACHE_DIR: 'mine' }, '/own', join(process.cwd(), 'mine')],
])('with %j state and cache are in %s and %s', (env, state, cache) => {
  expect(stateDirectory(env)).toBe(state);
  expect(cacheDirectory(env)).toBe(cache);
});
