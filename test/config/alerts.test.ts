import { afterEach, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { renderConfig } from '../../src/config/show.js';
import { secretsOf } from '../../src/redact.js';
import { createWorkingFolder, type WorkingFolder } from './working-folder.js';

let folder: WorkingFolder;
beforeEach(async () => {
  folder = await createWorkingFolder();
});
afterEach(() => folder.remove());

const mailYaml = `
alerts:
  mail:
    host: smtp.example.com
    user: holdfast
    passwordFile: smtp-password
    caFile: ca.pem
    from: Holdfast <holdfast@example.com>
    to: [dba@example.com, night@example.com]
`;

test('mail comes from holdfast.yaml, its paths stand beside it, and its password is in a file', async () => {
  await folder.write('holdfast.yaml', mailYaml);
  await folder.write('smtp-password', 'canary-password\n');
  const config = await folder.load();
  expect(config.mail).toEqual({
    ...{ host: 'smtp.example.com', port: 587, tls: 'starttls', caFile: `${folder.path}/ca.pem` },
    ...{ user: 'holdfast', password: 'canary-password', from: 'Holdfast <holdfast@example.com>' },
    to: ['dba@example.com', 'night@example.com'],
  });
  expect(secretsOf(config)).toContain('canary-password');
  const yaml = renderConfig(config);
  expect(yaml).not.toContain('canary');
  expect(yaml).toMatch(/password: "\*+" # .*holdfast\.yaml:6/);
  const leaves = yaml
    .split('\n')
    .filter((line) => !line.endsWith(':') && !/version: 1|repositoryPath/.test(line));
  expect(leaves.filter((line) => !/ # \S/.test(line))).toEqual([]);
  expect(parse(yaml)).toMatchObject({ alerts: { mail: { port: 587, to: expect.any(Array) } } });
});

test('variables stand over holdfast.yaml, each by itself', async () => {
  await folder.write('holdfast.yaml', mailYaml);
  await folder.write('smtp-password', 'x');
  const env = {
    SMTP_HOST: 'mail',
    SMTP_TLS: 'tls',
    SMTP_PASSWORD: 'other',
    SMTP_TO: 'a@b.example, c@d.example',
  };
  expect((await folder.load(env)).mail).toMatchObject({
    ...{ host: 'mail', port: 465, tls: 'tls', user: 'holdfast', password: 'other' },
    to: ['a@b.example', 'c@d.example'],
  });
  expect((await folder.load({ ...env, SMTP_PORT: '2525' })).mail?.port).toBe(2525);
});

test('without any setting of it there is no mail', async () => {
  expect((await folder.load({ SMTP_HOST: '', SMTP_TO: '' })).mail).toBeUndefined();
});

test('everything that mail lacks or has wrong is told at once, and no password', async () => {
  await folder.write(
    'holdfast.yaml',
    'alerts:\n  mail: { host: "a b", tls: ssl, user: me, password: canary-plain, passwd: canary-too, to: [nobody] }\n',
  );
  const problems = await folder.problems({ SMTP_PORT: '70000' });
  expect(problems.join('\n')).not.toContain('canary');
  for (const field of [
    'SMTP_PORT',
    'mail.host',
    'mail.tls',
    'mail.password',
    'mail.to.0',
    'mail.from',
    'mail.user',
  ])
    expect(problems.join('\n')).toContain(`${field}: `);
  expect(problems.filter((line) => line.includes('mail.host'))).toHaveLength(1);
  expect(problems.join('\n')).toContain(
    'a password in plain is refused; allowed: passwordFile or passwordEnv',
  );
});

test('a password is not sent in the clear, but to this very machine', async () => {
  const env = {
    SMTP_FROM: 'a@b.example',
    SMTP_TO: 'c@d.example',
    SMTP_USER: 'me',
    SMTP_PASSWORD: 'x',
    SMTP_TLS: 'none',
  };
  expect(await folder.problems({ ...env, SMTP_HOST: 'mail.example.com' })).toEqual([
    expect.stringContaining('SMTP_USER: its password would go over the network in the clear'),
  ]);
  expect((await folder.load({ ...env, SMTP_HOST: '127.0.0.1' })).mail).toMatchObject({
    port: 25,
    tls: 'none',
  });
});

test('a password that is not on this machine is wrong only where alerts are sent from', async () => {
  const clusters = 'clusters: { default: { host: elsewhere } }';
  await folder.write('holdfast.yaml', mailYaml + clusters);
  expect((await folder.load()).mail).toMatchObject({ user: 'holdfast' });
  await folder.write('holdfast.yaml', mailYaml);
  expect((await folder.problems()).join('\n')).toContain('alerts.mail.passwordFile: ENOENT');
});

const routed = (routes: string) => `
clusters: { default: {}, orders: {} }
alerts:
  endpoint: https://alerts.example.com/
  webhooks:
    - { name: chat, url: 'https://chat.example.com/', template: '{{message}}' }
    - { url: 'https://other.example.com/', template: '{{message}} {{remedy}}' }
  routes:
${routes}`;

test('routes name channels, clusters, databases, types and the least priority', async () => {
  await folder.write(
    'holdfast.yaml',
    routed(`
    - { channels: [chat, webhook-2], clusters: [orders], types: [backup_failed, backup_age] }
    - { channels: [endpoint], databases: [shop], minimumPriority: high }`),
  );
  const config = await folder.load();
  expect(config.routes).toEqual([
    { channels: ['chat', 'webhook-2'], clusters: ['orders'], types: ['backup_failed', 'backup_age'] },
    { channels: ['endpoint'], databases: ['shop'], minimumPriority: 'high' },
  ]);
  expect(parse(renderConfig(config))).toMatchObject({ alerts: { routes: config.routes } });
  expect((await folder.load()).webhooks.map(({ name }) => name)).toEqual(['chat', 'webhook-2']);
});

test('every wrong name in routes is told at once, with what was meant', async () => {
  await folder.write(
    'holdfast.yaml',
    routed(`
    - { channels: [chta, mail], clusters: [order] }`),
  );
  expect(await folder.problems()).toEqual([
    expect.stringMatching(/^alerts\.routes\.0\.channels\.0: there is no such channel, did you mean chat\?/),
    expect.stringMatching(/^alerts\.routes\.0\.channels\.1: there is no such channel/),
    expect.stringMatching(/^alerts\.routes\.0\.clusters\.0: there is no such cluster, did you mean orders\?/),
  ]);
  await folder.write(
    'holdfast.yaml',
    routed(`
    - { channels: [], types: [backup_faild], minimumPriority: urgent, database: shop }`),
  );
  const problems = (await folder.problems()).join('\n');
  for (const field of ['channels', 'types.0', 'minimumPriority', 'database'])
    expect(problems).toContain(`alerts.routes.0.${field}: `);
});

test('two webhooks of one name are refused, and those that are called as another channel', async () => {
  const webhook = (name: string) => `    - { name: ${name}, url: 'https://a.example/', template: x }\n`;
  await folder.write('holdfast.yaml', `alerts:\n  webhooks:\n${webhook('a')}${webhook('a')}`);
  expect((await folder.problems()).join()).toContain('alerts.webhooks.1.name: another webhook has that name');
  await folder.write('holdfast.yaml', `alerts:\n  webhooks:\n${webhook('mail')}`);
  expect((await folder.problems()).join()).toContain('alerts.webhooks.0.name: ');
});
