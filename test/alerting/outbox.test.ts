import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { channelsOf } from '../../src/alerting/channels.js';
import { deliver } from '../../src/alerting/deliver.js';
import { Outbox } from '../../src/alerting/outbox.js';
import type { Finding, HealthState } from '../../src/domain/health/finding.js';
import { tellFindings } from '../../src/monitoring/tell-findings.js';
import { programPath } from '../../src/package-root.js';
import { patience } from '../support/patience.js';
import { type Receiver, startReceiver } from './receiver.js';

const start = Date.parse('2026-01-10T12:00:00.000Z');
const hourMs = 60 * 60 * 1000;

let folder: string;
let receiver: Receiver;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hf-outbox-'));
  receiver = await startReceiver();
});

afterEach(async () => {
  await receiver[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const config = () => ({ host: 'db1', alertEndpoint: receiver.url, webhooks: [], routes: [] });

function finding(state: HealthState): Finding {
  return {
    ...{ check: 'backup_age', cluster: 'default', database: 'shop', state, message: `it is ${state}` },
    ...{ threshold: '', remedy: '', metrics: {} },
  };
}

/** A look that finds that state, so many hours after the first one. */
async function tell(state: HealthState, hours: number): Promise<void> {
  const now = new Date(start + hours * hourMs);
  await tellFindings({ config: config(), folder, findings: [finding(state)], reminderHours: 6, now });
}

async function send(timeoutMs = 2_000) {
  const { signal } = new AbortController();
  return deliver({ folder, channels: channelsOf(config()), signal, timeoutMs });
}

const messages = () => receiver.taken().map(({ message }) => message);

test('an alert is delivered once, with an id', async () => {
  await tell('critical', 0);
  expect(await send()).toEqual({ delivered: 1, waiting: 0, problems: [] });
  await tell('critical', 1);
  expect(await send()).toEqual({ delivered: 0, waiting: 0, problems: [] });
  expect(receiver.taken()).toMatchObject([
    { type: 'backup_age', priority: 'critical', database: 'shop', host: 'db1', id: expect.any(String) },
  ]);
});

test('while an endpoint is down for a day nothing is lost, and everything comes in order then', async () => {
  receiver.answer = (response) => response.writeHead(503).end();
  const states: HealthState[] = ['critical', 'ok', 'warning', 'critical', 'ok'];
  for (let hour = 0; hour < 24; hour++) {
    await tell(states[Math.floor(hour / 5)] ?? 'ok', hour);
    expect((await send()).waiting).toBeGreaterThan(0);
  }
  // Each look tries one alert, not all of them.
  expect(receiver.received).toHaveLength(24);
  receiver.answer = (response) => response.writeHead(204).end();
  expect(await send()).toMatchObject({ delivered: 5, waiting: 0 });
  expect(messages()).toEqual([
    'it is critical',
    'recovered after 5h: it is ok',
    'it is warning',
    'critical, was warning: it is critical',
    'recovered after 5h: it is ok',
  ]);
  expect(new Set(receiver.taken().map(({ id }) => id)).size).toBe(5);
});

test('an endpoint that is down for days gets no heap of reminders', async () => {
  receiver.answer = (response) => response.writeHead(503).end();
  for (let hour = 0; hour < 100; hour++) await tell('critical', hour);
  receiver.answer = (response) => response.writeHead(204).end();
  expect(await send()).toMatchObject({ delivered: 1, waiting: 0 });
  await tell('critical', 107);
  await send();
  expect(messages()[1]).toContain('still critical after');
});

test.each([
  ['answers 500', (receiver: Receiver) => (receiver.answer = (response) => response.writeHead(500).end())],
  ['hangs', (receiver: Receiver) => (receiver.answer = () => {})],
  [
    'redirects',
    (receiver: Receiver) =>
      (receiver.answer = (response) => response.writeHead(302, { location: receiver.url }).end()),
  ],
  ['hangs up', (receiver: Receiver) => (receiver.answer = (response) => response.socket?.destroy())],
] as const)('an endpoint that %s keeps its alert for the next time', async (_, spoil) => {
  await tell('critical', 0);
  spoil(receiver);
  const failed = await send(200);
  expect(failed).toMatchObject({ delivered: 0, waiting: 1 });
  expect(failed.problems).toHaveLength(1);
  receiver.answer = (response) => response.writeHead(204).end();
  expect(await send()).toMatchObject({ delivered: 1, waiting: 0 });
});

test('a channel that is down holds up no other', async () => {
  const other = await startReceiver();
  try {
    const template = '{"text": "{{priority}}: {{message}}", "about": {{metrics}}}';
    const webhooks = [{ name: 'chat', url: other.url, template, contentType: 'application/json' }];
    const both = { ...config(), webhooks };
    receiver.answer = (response) => response.writeHead(503).end();
    const now = new Date(start);
    await tellFindings({ config: both, folder, findings: [finding('critical')], reminderHours: 6, now });
    const { signal } = new AbortController();
    const request = { folder, channels: channelsOf(both), signal };
    expect(await deliver(request)).toMatchObject({ delivered: 1, waiting: 1 });
    expect(other.taken()).toEqual([
      { text: 'critical: it is critical', about: { check: 'backup_age', state: 'critical' } },
    ]);
    receiver.answer = (response) => response.writeHead(204).end();
    expect(await deliver(request)).toMatchObject({ delivered: 1, waiting: 0 });
    expect(other.taken()).toHaveLength(1);
  } finally {
    await other[Symbol.asyncDispose]();
  }
});

test('one killed between delivery and its note delivers again, with the same id', async () => {
  await tell('critical', 0);
  const module = programPath('alerting/deliver');
  const channels = programPath('alerting/channels');
  const code = `
    const { deliver } = await import(${JSON.stringify(module)});
    const { channelsOf } = await import(${JSON.stringify(channels)});
    const [channel] = channelsOf({ alertEndpoint: ${JSON.stringify(receiver.url)}, webhooks: [] });
    const dying = { ...channel, send: async (...input) => { await channel.send(...input); process.kill(process.pid, 'SIGKILL'); } };
    await deliver({ folder: ${JSON.stringify(folder)}, channels: [dying], signal: new AbortController().signal });
  `;
  const signal = await new Promise((resolve) => {
    execFile(process.execPath, ['--input-type=module', '-e', code], (error) => resolve(error?.signal));
  });
  expect(signal).toBe('SIGKILL');
  expect(await send()).toMatchObject({ delivered: 1, waiting: 0 });
  const ids = receiver.taken().map(({ id }) => id);
  expect(ids).toHaveLength(2);
  expect(new Set(ids).size).toBe(1);
});

test('two at a time deliver nothing twice', async () => {
  await tell('critical', 0);
  await Promise.all([send(), send(), tell('critical', 1)]);
  expect(receiver.taken()).toHaveLength(1);
});

test('a file that can’t be read is put aside, and what lasts is told anew', async () => {
  await tell('critical', 0);
  await send();
  await writeFile(join(folder, 'alerts.json'), '{"format_version":1,');
  await tell('critical', 1);
  expect(await send()).toMatchObject({ delivered: 1 });
  expect(await readFile(join(folder, 'alerts.json.damaged'), 'utf8')).toContain('format_version');
  expect(await Outbox.toldIn(folder)).toMatchObject({ 'backup_age shop': { state: 'critical' } });
});

test('an alert of a channel that is no setting any more is waited for by nobody', async () => {
  await tell('critical', 0);
  const { signal } = new AbortController();
  expect(await deliver({ folder, channels: [], signal })).toEqual({ delivered: 0, waiting: 0, problems: [] });
});

test('an alert that is refused for good holds up no other but those of the same finding', async () => {
  const tellOf = async (database: string, state: HealthState, hours: number) => {
    const now = new Date(start + hours * hourMs);
    const findings = [{ ...finding(state), database }];
    await tellFindings({ config: config(), folder, findings, reminderHours: 6, now });
  };
  await tellOf('poison', 'critical', 0);
  await tellOf('shop', 'critical', 0);
  await tellOf('poison', 'ok', 1);
  await tellOf('orders', 'warning', 1);
  receiver.answer = (response, { body }) => response.writeHead(body.includes('poison') ? 400 : 204).end();
  expect(await send()).toMatchObject({
    delivered: 2,
    waiting: 2,
    problems: [expect.stringContaining('400')],
  });
  expect(receiver.taken().map(({ database }) => database)).toEqual(['shop', 'orders']);
  receiver.answer = (response) => response.writeHead(204).end();
  expect(await send()).toMatchObject({ delivered: 2, waiting: 0 });
  expect(messages().slice(2)).toEqual(['it is critical', 'recovered after 1h: it is ok']);
});

test('an endpoint that refuses all is not asked for each of them', async () => {
  for (let index = 0; index < 10; index++) {
    const findings = [{ ...finding('critical'), database: `d${index}` }];
    await tellFindings({ config: config(), folder, findings, reminderHours: 6, now: new Date(start) });
  }
  receiver.answer = (response) => response.writeHead(401).end();
  expect(await send()).toMatchObject({ delivered: 0, waiting: 10 });
  expect(receiver.received).toHaveLength(3);
});

test('alerts go where routes say, and that one is over to those who had it', async () => {
  const other = await startReceiver();
  try {
    const routed = {
      ...config(),
      webhooks: [
        { name: 'pager', url: other.url, template: '{"m": "{{message}}"}', contentType: 'application/json' },
      ],
      routes: [{ channels: ['pager'], minimumPriority: 'critical' as const }],
    };
    const states: HealthState[] = ['warning', 'critical', 'warning', 'ok', 'warning', 'ok'];
    for (const [hour, state] of states.entries()) {
      const now = new Date(start + hour * hourMs);
      await tellFindings({ config: routed, folder, findings: [finding(state)], reminderHours: 6, now });
    }
    const { signal } = new AbortController();
    expect(await deliver({ folder, channels: channelsOf(routed), signal })).toMatchObject({ waiting: 0 });
    expect(receiver.taken()).toHaveLength(6);
    expect(other.taken().map(({ m }) => m)).toEqual([
      'critical, was warning: it is critical',
      'warning, was critical: it is warning',
      'recovered after 1h: it is ok',
    ]);
  } finally {
    await other[Symbol.asyncDispose]();
  }
});

test('while one that hangs is tried, others may tell', async () => {
  await tell('critical', 0);
  receiver.answer = () => {};
  let isDone = false;
  const sending = send(3_000).finally(() => {
    isDone = true;
  });
  await vi.waitUntil(() => receiver.received.length > 0, patience);
  await tell('ok', 1);
  expect(isDone).toBe(false);
  expect(await sending).toMatchObject({ delivered: 0, waiting: 2 });
});
