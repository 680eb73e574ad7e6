import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll } from 'vitest';
import { type AlertPlaces, channelsOf } from '../../src/alerting/channels.js';
import { pingDeadMansSwitch } from '../../src/alerting/dead-mans-switch.js';
import type { RequestOptions } from '../../src/alerting/http-request.js';
import type { MailConfig } from '../../src/config/config.js';
import type { Alert } from '../../src/domain/alert.js';
import { type Certificate, createCertificate } from './certificate.js';
import { type ChannelUnderTest, conform, type Mood } from './conformance.js';
import { headerOf, mailPassword, mailUser, startMailServer } from './mail-server.js';
import { type Receiver, startReceiver } from './receiver.js';

let certificate: Certificate;
let untrusted: Server;
let untrustedPort: number;

beforeAll(async () => {
  certificate = createCertificate();
  untrusted = createServer({ key: certificate.key, cert: certificate.cert }, (_, response) => response.end());
  untrusted.listen(0, '127.0.0.1');
  await once(untrusted, 'listening');
  untrustedPort = (untrusted.address() as AddressInfo).port;
});

afterAll(() => {
  untrusted.close();
  certificate[Symbol.dispose]();
});

type Send = (alert: Alert, options?: RequestOptions) => Promise<unknown>;

const everyMood: Mood[] = ['later', 'refuse', 'redirect', 'hang', 'hang up'];
const secrets = ['canary-pass', 'canary0canary0canary', 'canary-token'];

function behave(receiver: Receiver, mood: Mood): void {
  receiver.answer = (response) => {
    if (mood === 'hang') return;
    if (mood === 'hang up') return void response.socket?.destroy();
    const status = { take: 204, later: 503, refuse: 403, redirect: 302 }[mood];
    response.writeHead(status, mood === 'redirect' ? { location: receiver.url } : {});
    response.end(mood === 'refuse' ? `who is ${secrets.join(' and ')}?` : undefined);
  };
}

/** A channel that is an HTTP server. */
async function overHttp(
  sendTo: (url: string) => Send,
  count: (receiver: Receiver) => number,
  idOf?: (body: Record<string, unknown>) => unknown,
): Promise<ChannelUnderTest> {
  const receiver = await startReceiver();
  let [taken, mood]: [number, Mood] = [0, 'take'];
  const { host } = new URL(receiver.url);
  const path = '/hooks/canary0canary0canary?token=canary-token';
  const send = sendTo(`http://canary-user:canary-pass@${host}${path}`);
  return {
    secrets,
    async send(alert, options) {
      const before = count(receiver);
      await send(alert, options);
      if (mood === 'take') taken += count(receiver) - before;
    },
    sendUntrusted: sendTo(`https://127.0.0.1:${untrustedPort}/`),
    become(next) {
      mood = next;
      behave(receiver, next);
    },
    takenCount: () => taken,
    takenIds: () => idOf && receiver.taken().map((body) => String(idOf(body))),
    async goDown() {
      await receiver[Symbol.asyncDispose]();
    },
    [Symbol.asyncDispose]: () => receiver[Symbol.asyncDispose](),
  };
}

function only(places: AlertPlaces): Send {
  const [channel] = channelsOf(places);
  if (!channel) throw new Error('there is no channel');
  return (alert, options) => channel.send(alert, options);
}

conform('HTTP endpoint', everyMood, () =>
  overHttp(
    (url) => only({ alertEndpoint: url, webhooks: [] }),
    (receiver) => receiver.received.length,
    ({ id }) => id,
  ),
);

conform('webhook with a template', everyMood, () =>
  overHttp(
    (url) => {
      const template = '{"text": "{{priority}}: {{message}}", "ref": "{{id}}"}';
      return only({ webhooks: [{ name: 'chat', url, template, contentType: 'application/json' }] });
    },
    (receiver) => receiver.received.length,
    ({ ref }) => ref,
  ),
);

conform('dead man’s switch', everyMood, () =>
  overHttp(
    (url) => (_, options) => pingDeadMansSwitch(url, options),
    (receiver) => receiver.received.length,
  ),
);

conform('e-mail', ['later', 'refuse', 'hang', 'hang up'], async () => {
  const tls = { key: certificate.key, cert: certificate.cert };
  const server = await startMailServer({ ...tls, authOptional: false });
  const mail: MailConfig = {
    ...{ host: '127.0.0.1', port: server.port, tls: 'starttls', caFile: certificate.path },
    ...{ user: mailUser, password: mailPassword, from: 'holdfast@db1.example', to: ['dba@example.com'] },
  };
  const { caFile: _, ...withoutAuthority } = mail;
  let password = mailPassword;
  const send: Send = (alert, options) => only({ webhooks: [], mail: { ...mail, password } })(alert, options);
  return {
    send,
    sendUntrusted: only({ webhooks: [], mail: withoutAuthority }),
    become(mood) {
      // Its refusal repeats the password.
      password = mood === 'refuse' ? 'canary-wrong' : mailPassword;
      if (mood !== 'redirect') server.answer = mood;
    },
    takenCount: () => server.taken.length,
    takenIds: () => server.taken.map((taken) => headerOf(taken, 'X-Holdfast-Alert-Id') ?? ''),
    async goDown() {
      await server[Symbol.asyncDispose]();
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    secrets: ['canary-wrong', mailPassword, Buffer.from(`\0${mailUser}\0canary-wrong`).toString('base64')],
  };
});
