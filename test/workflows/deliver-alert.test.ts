import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createActivities } from '../../activities/index.js';
import { loadConfig } from '../../src/config/load.js';
import type { Alert } from '../../src/domain/alert.js';
import { headerOf, type MailServer, startMailServer } from '../alerting/mail-server.js';
import { createTimeSkippingEnvironment } from '../support/time-skipping.js';
import { withWorker } from './support.js';

let environment: TestWorkflowEnvironment;
let folder: string;

beforeAll(async () => {
  environment = await createTimeSkippingEnvironment();
  folder = await mkdtemp(join(tmpdir(), 'hf-deliver-'));
});

afterAll(async () => {
  await environment.teardown();
  await rm(folder, { recursive: true });
});

const hourMs = 60 * 60 * 1000;

const alertOf = (id: string): Alert => ({
  ...{ type: 'backup_failed', priority: 'critical', message: `failed: ${id}`, database: 'shop' },
  ...{ cluster: 'default', host: '', metrics: {}, time: '2026-01-01T02:00:00.000Z', id },
});

test('an alert of an operation outlasts a mailbox that is down, and then refuses it, however many tries that takes', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const mail = { SMTP_HOST: '127.0.0.1', SMTP_PORT: String(port), SMTP_TLS: 'none' };
  const people = { SMTP_FROM: 'holdfast@db1.example', SMTP_TO: 'dba@example.com' };
  const config = await loadConfig({ env: { ...mail, ...people, HOLDFAST_HOST: 'db1' }, cwd: folder });
  const logOptions = { destination: 'json', level: 'error', secrets: [] } as const;
  const activities = createActivities({ config, logOptions, stateDir: folder });
  const begun = await environment.currentTimeMs();
  let mailbox: MailServer | undefined;
  let tries = 0;
  const waking = {
    ...activities,
    async sendAlertTo(input: { alert: Alert; channel: string }) {
      tries += 1;
      const elapsedMs = (await environment.currentTimeMs()) - begun;
      if (elapsedMs > hourMs)
        mailbox ??= Object.assign(await startMailServer({}, port), { answer: 'refuse' });
      if (mailbox && elapsedMs > hourMs * 1.25) mailbox.answer = 'take';
      await activities.sendAlertTo(input);
    },
  };
  const ids = ['first', 'second'];
  try {
    await withWorker(environment, waking, async (queue) => {
      const handles = [];
      for (const id of ids) {
        const start = { workflowId: `deliver-alert/${id}`, taskQueue: queue, args: [alertOf(id), ['mail']] };
        handles.push(await environment.client.workflow.start('deliverAlert', start));
      }
      for (const handle of handles) await handle.result();
    });
    expect((await environment.currentTimeMs()) - begun).toBeGreaterThan(hourMs * 1.25);
    // More than a step's own failures are tried: the workflow says for how long.
    expect(tries).toBeGreaterThan(10);
    const taken = mailbox?.taken.map((each) => headerOf(each, 'X-Holdfast-Alert-Id'));
    expect(taken?.sort()).toEqual([...ids].sort());
  } finally {
    await mailbox?.[Symbol.asyncDispose]();
  }
});
