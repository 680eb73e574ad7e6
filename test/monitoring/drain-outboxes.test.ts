import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Outbox } from '../../src/alerting/outbox.js';
import type { Config } from '../../src/config/config.js';
import { type Draining, drainOutboxes } from '../../src/monitoring/drain-outboxes.js';
import { monitoringFolder } from '../../src/monitoring/state-folder.js';
import { tellFindings } from '../../src/monitoring/tell-findings.js';
import { type Receiver, startReceiver } from '../alerting/receiver.js';
import { patience } from '../support/patience.js';
import { createRepository, type GeneratedRepository } from './repository.js';

let repository: GeneratedRepository;
let receiver: Receiver;
let config: Config;
let drains: Draining[];

beforeEach(async () => {
  repository = await createRepository();
  receiver = await startReceiver();
  config = await repository.config({ ALERT_ENDPOINT: receiver.url, HOLDFAST_HOST: 'db1' });
  drains = [];
});

afterEach(async () => {
  for (const drain of drains) await drain.stop();
  await receiver[Symbol.asyncDispose]();
  await repository[Symbol.asyncDispose]();
});

async function folderOf(): Promise<string> {
  const { default: cluster } = config.clusters;
  if (!cluster) throw new Error('there is no default cluster');
  return monitoringFolder(repository.stateDir, cluster);
}

async function tell(...databases: string[]): Promise<void> {
  for (const database of databases) {
    const finding = { check: 'backup_age', cluster: 'default', database, state: 'critical' } as const;
    const findings = [{ ...finding, message: `${database} is old`, metrics: {} }];
    const now = new Date();
    await tellFindings({ config, folder: await folderOf(), findings, reminderHours: 24, now });
  }
}

function drain(everyMs = 20, mostMs = 40): Draining {
  const draining = drainOutboxes({ config, stateDir: repository.stateDir, everyMs, mostMs });
  drains.push(draining);
  return draining;
}

const waiting = async () => (await Outbox.waitingIn(await folderOf())).length;
const told = () => receiver.taken().map(({ database }) => database);
const names = Array.from({ length: 12 }, (_, index) => `database${index}`);

test('what waits is delivered in its order when the endpoint is back, without another look', async () => {
  receiver.answer = (response) => response.writeHead(503).end();
  await tell(...names);
  drain();
  await vi.waitUntil(() => receiver.received.length >= 3, patience);
  expect(await waiting()).toBe(12);
  receiver.answer = (response) => response.writeHead(204).end();
  await vi.waitUntil(async () => (await waiting()) === 0, patience);
  expect(told()).toEqual(names);
});

test('several that drain at a time deliver nothing twice, and keep the order', async () => {
  receiver.answer = (response) => response.writeHead(503).end();
  await tell(...names);
  for (let count = 0; count < 3; count++) drain(5, 10);
  await vi.waitUntil(() => receiver.received.length > 0, patience);
  receiver.answer = (response) => response.writeHead(204).end();
  await vi.waitUntil(async () => (await waiting()) === 0, patience);
  expect(told()).toEqual(names);
});

test('stopping ends it also while an endpoint hangs, and loses nothing', async () => {
  receiver.answer = () => {};
  await tell('shop');
  const draining = drain();
  await vi.waitUntil(() => receiver.received.length > 0, patience);
  await draining.stop();
  expect(await waiting()).toBe(1);
});

test('outboxes of clusters on other hosts are left to them', async () => {
  await tell('shop');
  config.host = 'db2';
  drain();
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(receiver.received).toEqual([]);
});
