import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { channelsOf } from '../../src/alerting/channels.js';
import { renderTemplate } from '../../src/alerting/webhook.js';
import type { Alert } from '../../src/domain/alert.js';

const alert: Alert = {
  ...{
    type: 'disk_space',
    priority: 'critical',
    message: 'only "3 GB"\nfree',
    database: '',
    cluster: 'default',
  },
  ...{ host: 'db1', metrics: { disk_free_gb: 3 }, time: '2026-01-01T02:00:00.000Z', id: 'x' },
};

test('values are escaped as JSON wants it, whatever is in them', () => {
  const text = renderTemplate(
    '{"text": "{{message}} on {{host}}", "m": {{metrics}}}',
    alert,
    'application/json',
  );
  expect(JSON.parse(text)).toEqual({ text: 'only "3 GB"\nfree on db1', m: { disk_free_gb: 3 } });
});

test('in another type than JSON they stand as they are, and what is no field stays', () => {
  expect(renderTemplate('{{message}} {{unknown}} {{constructor}}', alert, 'text/plain')).toBe(
    'only "3 GB"\nfree {{unknown}} {{constructor}}',
  );
});

test('a server whose certificate nobody vouches for gets no alert', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hf-tls-'));
  const files = [join(folder, 'key.pem'), join(folder, 'cert.pem')] as const;
  const how = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=127.0.0.1'];
  execFileSync('openssl', [...how, '-keyout', files[0], '-out', files[1]], { stdio: 'ignore' });
  let requests = 0;
  const server = createServer(
    { key: readFileSync(files[0]), cert: readFileSync(files[1]) },
    (_, response) => {
      requests += 1;
      response.end();
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const webhooks = [
    { name: 'chat', url: `https://127.0.0.1:${port}/`, template: '{}', contentType: 'application/json' },
  ];
  try {
    for (const channel of channelsOf({ alertEndpoint: `https://127.0.0.1:${port}/`, webhooks })) {
      await expect(channel.send(alert)).rejects.toMatchObject({
        type: 'AlertNotDelivered',
        story: { cause: expect.stringMatching(/self-signed certificate/) },
      });
    }
    expect(requests).toBe(0);
  } finally {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  }
});
