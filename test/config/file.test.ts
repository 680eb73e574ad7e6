import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { exitCodeOf } from '../../src/cli/output/errors.js';
import { createWorkingFolder, type WorkingFolder } from './working-folder.js';

let folder: WorkingFolder;
let yamlPath: string;
beforeEach(async () => {
  folder = await createWorkingFolder();
  yamlPath = join(folder.path, 'holdfast.yaml');
});
afterEach(() => folder.remove());

const yaml = (...lines: string[]) => folder.write('holdfast.yaml', `${lines.join('\n')}\n`);

describe('what holdfast.yaml says', () => {
  test('describes clusters, each under the repository of its own', async () => {
    await folder.write('shop.password', 'from file\n');
    await yaml(
      'version: 1',
      'backupDir: repository',
      'temporal: {address: "temporal:7233", namespace: backups}',
      'defaults: {compression: zstd, retentionDays: 10}',
      'alerts: {endpoint: https://alerts.example}',
      'clusters:',
      '  default:',
      '  shop:',
      '    host: db2',
      '    retentionDays: 5',
      '    connection: {host: /run/postgresql, port: 5433, user: backup, passwordFile: shop.password}',
      '  crm:',
      '    connection: {service: crm, passwordEnv: CRM_PASSWORD, sslrootcert: certs/root.crt}',
    );
    const { clusters, ...config } = await folder.load({
      CRM_PASSWORD: 'from variable',
      HOLDFAST_HOST: 'db2',
    });
    const root = join(folder.path, 'repository');
    expect(Object.keys(clusters)).toEqual(['default', 'shop', 'crm']);
    expect(config).toMatchObject({ backupDir: root, alertEndpoint: 'https://alerts.example' });
    expect(config.temporal).toMatchObject({ address: 'temporal:7233', namespace: 'backups' });
    expect(clusters.default).toMatchObject({ repositoryPath: root, compression: 'zstd', retentionDays: 10 });
    expect(clusters.shop).toMatchObject({
      host: 'db2',
      repositoryPath: join(root, 'shop'),
      compression: 'zstd',
      retentionDays: 5,
      connection: { host: '/run/postgresql', port: 5433, user: 'backup', password: 'from file' },
    });
    expect(clusters.crm?.connection).toEqual({
      service: 'crm',
      password: 'from variable',
      sslrootcert: join(folder.path, 'certs/root.crt'),
    });
  });

  test('stands under variables for the default cluster and for defaults, over them for a cluster by name', async () => {
    await yaml(
      'backupDir: /from/file',
      'defaults: {keepLast: 2, retentionDays: 2}',
      'clusters:',
      '  default: {retentionDays: 3, connection: {host: file.example, port: 1111}}',
      '  shop: {retentionDays: 4, connection: {host: shop.example}}',
    );
    const env = {
      BACKUP_DIR: '/from/env',
      RETENTION_DAYS: '9',
      KEEP_LAST: '8',
      PGHOST: 'env.example',
      PGUSER: 'me',
    };
    const { clusters, backupDir, origins } = await folder.load(env);
    expect(backupDir).toBe('/from/env');
    expect(clusters.default).toMatchObject({ retentionDays: 9, keepLast: 8 });
    expect(clusters.default?.connection).toEqual({ host: 'env.example', port: 1111, user: 'me' });
    expect(clusters.shop).toMatchObject({
      retentionDays: 4,
      keepLast: 8,
      connection: { host: 'shop.example' },
    });
    expect(origins).toMatchObject({
      'clusters.default.retentionDays': 'environment',
      'clusters.default.connection.port': `${yamlPath}:4`,
      'clusters.shop.retentionDays': `${yamlPath}:5`,
    });
  });

  test('leaves out the default cluster when it names others and no variable names a server', async () => {
    await yaml('clusters: {shop: {}}');
    expect(Object.keys((await folder.load()).clusters)).toEqual(['shop']);
    expect(Object.keys((await folder.load({ PGHOST: 'db.example' })).clusters)).toEqual(['default', 'shop']);
  });

  test('may be in any file that -c names, relative paths then standing beside it', async () => {
    const other = await folder.write('other.yaml', 'backupDir: here\n');
    expect((await folder.load({}, 'other.yaml')).backupDir).toBe(join(folder.path, 'here'));
    expect((await folder.load({}, other)).origins.backupDir).toBe(`${other}:1`);
    expect(await folder.problems({}, 'absent.yaml')).toEqual([
      expect.stringMatching(/^--config: ENOENT.*absent\.yaml/),
    ]);
  });

  test('may be empty, as may its maps', async () => {
    await yaml('# nothing yet');
    expect((await folder.load()).clusters.default?.retentionDays).toBe(30);
    await yaml('defaults:', 'clusters:', '  default:', '    connection:');
    expect((await folder.load()).clusters.default?.retentionDays).toBe(30);
  });

  test("a level set for one method is not taken for another's", async () => {
    await yaml(
      'defaults: {compression: gzip, compressionLevel: 9}',
      'clusters: {default: , shop: {compression: lz4}}',
    );
    const { clusters } = await folder.load();
    expect(clusters.default).toMatchObject({ compression: 'gzip', compressionLevel: 9 });
    expect(clusters.shop?.compression).toBe('lz4');
    expect(clusters.shop?.compressionLevel).toBeUndefined();
    expect((await folder.load({ COMPRESSION: 'zstd' })).clusters.default?.compressionLevel).toBeUndefined();
    expect((await folder.load({ COMPRESSION_LEVEL: '3' })).clusters.default?.compressionLevel).toBe(3);
  });
});

describe('what is wrong in holdfast.yaml', () => {
  test('is listed all at once, each with field, value, what is allowed, file and line (I2)', async () => {
    await yaml(
      'version: 2',
      'retentionDays: 3',
      'defaults:',
      '  retentonDays: 7',
      '  compressionLevel: 99',
      '  keepLast: "3"',
      'clusters:',
      '  Shop:',
      '    connection: {port: text}',
      '  crm:',
      '    compression: gzip',
      '    compressionLevel: 12',
      '    connection: {sslmode: maybe, port: 70000}',
      'alerts: 5',
    );
    const lines = await folder.problems({ RETENTION_DAYS: '-1' });
    const at = (line: number) => `read from ${yamlPath}:${line}`;
    const known =
      'compression, compressionLevel, retentionDays, walRetentionDays, baseBackupDays, walLagMb, walLagSeconds, keepLast, stallTimeoutSeconds, maxBackupAgeHours, minDiskSpaceGb, verifyWithinDays, maxWalAgeHours, alertReminderHours, approval, drill, backups, schedules';
    expect(lines.sort()).toEqual(
      [
        'RETENTION_DAYS: had "-1"; allowed: a whole number from 1 to 36500; read from environment',
        `version: had 2; allowed: 1; ${at(1)}`,
        `retentionDays: unknown key; had 3; allowed: version, backupDir, pgBinDir, parallelPerHost, temporal, defaults, clusters, alerts, metrics; ${at(2)}`,
        `defaults.retentonDays: unknown key, did you mean retentionDays?; had 7; allowed: ${known}; ${at(4)}`,
        `defaults.compressionLevel: had 99; allowed: a whole number, 1 to 9 for gzip, 1 to 19 for zstd, 1 to 12 for lz4; ${at(5)}`,
        `defaults.keepLast: had "3"; allowed: a whole number from 1 to 10000; ${at(6)}`,
        `clusters.Shop: no name for a cluster; had a map; allowed: lower-case letters, digits, _ and -, at most 41, not beginning with _ or -, and none of full, incremental, logs; ${at(8)}`,
        `clusters.crm.compressionLevel: had 12; allowed: 1 to 9 for gzip, which cluster crm uses; ${at(12)}`,
        `clusters.crm.connection.sslmode: had "maybe"; allowed: one of disable, allow, prefer, require, verify-ca, verify-full; ${at(13)}`,
        `clusters.crm.connection.port: had 70000; allowed: a whole number from 1 to 65535; ${at(13)}`,
        `alerts: had 5; allowed: a map of settings; ${at(14)}`,
      ].sort(),
    );
  });

  test('ends with exit code 2', async () => {
    await yaml('nonsense: 1');
    await expect(folder.load()).rejects.toSatisfy((error) => exitCodeOf(error) === 2);
  });

  test('a password in plain is refused with what to use instead, and not shown', async () => {
    await yaml('clusters:', '  default:', '    connection:', '      password: canary');
    expect(await folder.problems()).toEqual([
      'clusters.default.connection.password: a password in plain is refused; ' +
        `allowed: passwordFile, passwordEnv, service or passfile; read from ${yamlPath}:4`,
    ]);
  });

  test.each([
    ['passwordEnv: canary'],
    ['passwordEnv: ABSENT'],
    ['passwordFile: absent'],
    ['passwordFile: x, passwordEnv: HOME'],
    ['host: "postgres://u:canary@h/d"'],
    ['url: "postgres://u:canary@h/d"'],
    ['pasword: canary'],
    ['secretSauce: canary'],
  ])('{%s} is refused, and no secret shown', async (settings) => {
    await yaml(`clusters: {default: {connection: {${settings}}}}`);
    const lines = await folder.problems();
    expect(lines).toHaveLength(1);
    expect(lines.join()).not.toContain('canary');
    expect(lines.join()).toContain(`${yamlPath}:1`);
  });

  test("a password that is missing matters only on the cluster's own host", async () => {
    await yaml('clusters: {shop: {host: db2, connection: {passwordFile: /absent}}}');
    expect((await folder.load({ HOLDFAST_HOST: 'db1' })).clusters.shop?.connection.password).toBeUndefined();
    expect(await folder.problems({ HOLDFAST_HOST: 'db2' })).toHaveLength(1);
  });

  test.each([['full'], ['incremental'], ['logs'], ['-x'], ['a/b'], ['..'], ['a'.repeat(42)]])(
    'a cluster called %j is refused',
    async (name) => {
      await yaml(`clusters: {${JSON.stringify(name)}: {}}`);
      expect(await folder.problems()).toEqual([expect.stringContaining('no name for a cluster')]);
    },
  );

  test.each([
    ['a key twice', 'defaults: {keepLast: 1}\ndefaults: {keepLast: 2}', ':2'],
    ['no YAML', 'a: [canary', ':'],
    ['an unknown tag', 'backupDir: !secret canary', ':1'],
    ['two documents', 'version: 1\n---\nversion: 1', ':2'],
    ['a list', '- 1', ':1'],
  ])('%s is refused with its line, quoting nothing', async (_, content, line) => {
    await folder.write('holdfast.yaml', content);
    const text = (await folder.problems()).join('\n');
    expect(text).toContain(`${yamlPath}${line}`);
    expect(text).not.toContain('canary');
  });

  test('any wrong settings are each listed once, and no other (I2)', async () => {
    const wrong = {
      retentionDays: fc.constantFrom<unknown>(0, -1, 1.5, '30d', null, [], {}, true),
      walRetentionDays: fc.constantFrom<unknown>(0, '7'),
      keepLast: fc.constantFrom<unknown>(0, 'all'),
      compression: fc.constantFrom<unknown>('xz', 3, null),
      compressionLevel: fc.constantFrom<unknown>(99, 'best', 0),
      minDiskSpaceGb: fc.constantFrom<unknown>(-1, 0.5),
      retention: fc.constantFrom<unknown>(1, {}),
    };
    const settings = fc.record(wrong, { requiredKeys: [] });
    await fc.assert(
      fc.asyncProperty(settings, settings, async (defaults, shop) => {
        fc.pre(Object.keys(defaults).length + Object.keys(shop).length > 0);
        await folder.write('holdfast.yaml', JSON.stringify({ defaults, clusters: { shop } }));
        const fields = (await folder.problems()).map((line) => line.split(':')[0]);
        const expected = [
          ...Object.keys(defaults).map((key) => `defaults.${key}`),
          ...Object.keys(shop).map((key) => `clusters.shop.${key}`),
        ];
        expect(fields.sort()).toEqual(expected.sort());
      }),
      { numRuns: 60 },
    );
  });
});
