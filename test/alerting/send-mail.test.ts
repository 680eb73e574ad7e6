import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mailTextOf } from '../../src/alerting/mail-text.js';
import { sendMail } from '../../src/alerting/send-mail.js';
import type { MailConfig } from '../../src/config/config.js';
import type { Alert } from '../../src/domain/alert.js';
import { type Certificate, createCertificate } from './certificate.js';
import { headerOf, mailPassword, mailUser, startMailServer } from './mail-server.js';

let certificate: Certificate;
beforeAll(() => {
  certificate = createCertificate();
});
afterAll(() => certificate[Symbol.dispose]());

const alert: Alert = {
  ...{ type: 'backup_age', priority: 'critical', message: 'shop_full_20260101_020000 is 1d 8h old' },
  ...{ remedy: 'see why none was taken since', database: 'shop', cluster: 'orders', host: 'db1' },
  metrics: { backup_age_hours: 32.4, check: 'backup_age' },
  ...{ time: '2026-01-02T10:00:00.000Z', id: '6f1f0a6e-0000-4000-8000-000000000001' },
};

function mailTo(port: number, more: Partial<MailConfig> = {}): MailConfig {
  return {
    ...{ host: '127.0.0.1', port, tls: 'none', from: 'Holdfast <holdfast@db1.example>' },
    to: ['dba@example.com', 'night@example.com'],
    ...more,
  };
}

const trusted = () => ({ key: certificate.key, cert: certificate.cert });
const login = { user: mailUser, password: mailPassword };

test('a mail says how bad it is and where in its subject, and what to do in its text', async () => {
  await using server = await startMailServer();
  expect(await sendMail(mailTo(server.port), alert)).toBeUndefined();
  const [mail] = server.taken;
  if (!mail) throw new Error('no mail has come');
  expect(mail).toMatchObject({ from: 'holdfast@db1.example', to: ['dba@example.com', 'night@example.com'] });
  expect(headerOf(mail, 'Subject')).toBe(
    '[Holdfast CRITICAL] orders/shop: shop_full_20260101_020000 is 1d 8h old',
  );
  expect(headerOf(mail, 'Message-ID')).toBe(`<${alert.id}@db1.example>`);
  expect(headerOf(mail, 'Auto-Submitted')).toBe('auto-generated');
  expect(headerOf(mail, 'X-Priority')).toContain('1');
  for (const part of [
    'see why none was taken since',
    'holdfast monitor orders',
    'Host: db1',
    'backup_age_hours: 32.4',
  ])
    expect(mail.source).toContain(part);
});

test('the same alert has the same Message-ID each time, another one another', async () => {
  await using server = await startMailServer();
  for (const id of ['a', 'a', 'b']) await sendMail(mailTo(server.port), { ...alert, id });
  const ids = server.taken.map((mail) => headerOf(mail, 'Message-ID'));
  expect(ids).toEqual(['<a@db1.example>', '<a@db1.example>', '<b@db1.example>']);
});

test('nothing in an alert becomes a header or another recipient', async () => {
  await using server = await startMailServer();
  const message = 'x\r\nBcc: thief@example.com\r\n\r\nhello';
  await sendMail(mailTo(server.port), { ...alert, message, database: 'a\nTo: b@example.com' });
  const [mail] = server.taken;
  expect(mail?.to).toHaveLength(2);
  expect(mail && headerOf(mail, 'Bcc')).toBeUndefined();
  expect(mailTextOf({ ...alert, message }).subject).not.toMatch(/[\r\n]/);
  expect(mailTextOf({ ...alert, message: 'y'.repeat(5000) }).subject.length).toBeLessThanOrEqual(150);
});

test.each([
  ['starttls', { secure: false }],
  ['tls', { secure: true }],
] as const)('with %s and an own authority, login and mail go encrypted', async (tls, { secure }) => {
  await using server = await startMailServer({ ...trusted(), secure, authOptional: false });
  await sendMail(mailTo(server.port, { tls, caFile: certificate.path, ...login }), alert);
  expect(server.taken).toMatchObject([{ user: mailUser, isEncrypted: true }]);
});

test('a server that offers no encryption is not trusted with the password where it is required', async () => {
  await using server = await startMailServer();
  await expect(sendMail(mailTo(server.port, { tls: 'starttls', ...login }), alert)).rejects.toMatchObject({
    type: expect.stringMatching(/^Alert/),
    story: { remedy: expect.stringContaining('check tls and caFile') },
  });
  expect(server.taken).toEqual([]);
});

test('a wrong password is refused, said so, and not told', async () => {
  await using server = await startMailServer({ ...trusted(), authOptional: false });
  const mail = mailTo(server.port, {
    tls: 'starttls',
    caFile: certificate.path,
    user: mailUser,
    password: 'wrong-one',
  });
  const error = await sendMail(mail, alert).catch((reason: Error) => reason);
  expect(error).toMatchObject({
    type: 'AlertRefused',
    story: { cause: expect.stringContaining('535'), remedy: expect.stringContaining('user and password') },
  });
  expect(JSON.stringify(error) + String(error)).not.toContain('wrong-one');
});

test('where one recipient is refused the others have the mail, and it is told; where all are, none has it', async () => {
  await using server = await startMailServer();
  server.unknown = ['night@example.com'];
  expect(await sendMail(mailTo(server.port), alert)).toMatch(/not for night@example\.com: .*no such mailbox/);
  expect(server.taken).toMatchObject([{ to: ['dba@example.com'] }]);
  server.unknown.push('dba@example.com');
  await expect(sendMail(mailTo(server.port), alert)).rejects.toMatchObject({
    type: 'AlertRefused',
    story: { remedy: expect.stringContaining('from and to') },
  });
});

test('a server that takes the addresses and refuses the mail is not said to be away', async () => {
  await using server = await startMailServer();
  server.answer = 'refuse';
  await expect(sendMail(mailTo(server.port), alert)).rejects.toMatchObject({
    type: 'AlertRefused',
    story: {
      cause: expect.stringContaining('554'),
      remedy: expect.stringContaining('refused the mail itself'),
    },
  });
});

test('a server that never greets ends in time', async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    await expect(sendMail(mailTo(port), alert, { timeoutMs: 200 })).rejects.toMatchObject({
      type: 'AlertNotDelivered',
    });
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
});

test('a file of authorities that is not there is told', async () => {
  await expect(sendMail(mailTo(1, { tls: 'tls', caFile: '/nowhere/ca.pem' }), alert)).rejects.toMatchObject({
    type: 'AlertNotDelivered',
    story: { cause: expect.stringContaining('/nowhere/ca.pem'), remedy: expect.stringContaining('caFile') },
  });
});
