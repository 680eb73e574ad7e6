import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sendAlert } from '../../src/alerting/send-alert.js';
import type { Alert } from '../../src/domain/alert.js';

const alert: Alert = {
  type: 'backup_failed',
  priority: 'critical',
  message: 'backup of "shöp" failed',
  database: 'shöp',
  cluster: 'default',
  host: 'db1',
  metrics: { duration_seconds: 12, step: 'dump' },
  time: '2026-01-01T02:00:00.000Z',
  id: '6f1f0a6e-0000-4000-8000-000000000001',
};

interface Received {
  method: string | undefined;
  url: string | undefined;
  headers: IncomingHttpHeaders;
  body: string;
}

let server: Server;
let origin: string;
let received: Received[];
let answer: (response: ServerResponse) => void;

beforeEach(async () => {
  received = [];
  answer = (response) => response.writeHead(204).end();
  server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => {
      received.push({ method: request.method, url: request.url, headers: request.headers, body });
      answer(response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
});

test('an alert is POSTed as JSON with its keys in order', async () => {
  await sendAlert(`http://${origin}/hook?channel=db`, alert);
  const [request] = received;
  expect(request).toMatchObject({ method: 'POST', url: '/hook?channel=db' });
  expect(request?.headers['content-type']).toBe('application/json');
  expect(request?.headers.authorization).toBeUndefined();
  const body = JSON.parse(request?.body ?? '') as Alert;
  expect(body).toEqual(alert);
  const keys = ['type', 'priority', 'message', 'database', 'cluster', 'host', 'metrics', 'time', 'id'];
  expect(Object.keys(body)).toEqual(keys);
});

test('user and password of the endpoint go into the header', async () => {
  await sendAlert(`http://me:p%40ss@${origin}/`, alert);
  const expected = `Basic ${Buffer.from('me:p@ss').toString('base64')}`;
  expect(received[0]?.headers.authorization).toBe(expected);
});

test.each([200, 201, 202, 204])('an answer of %i is success', async (status) => {
  answer = (response) => response.writeHead(status).end();
  await expect(sendAlert(`http://${origin}/`, alert)).resolves.toBeUndefined();
});

test.each([
  [301, 'AlertRefused'],
  [302, 'AlertRefused'],
  [307, 'AlertRefused'],
  [400, 'AlertRefused'],
  [401, 'AlertRefused'],
  [404, 'AlertRefused'],
  [429, 'AlertNotDelivered'],
  [500, 'AlertNotDelivered'],
  [503, 'AlertNotDelivered'],
])('an answer of %i is no delivery: %s', async (status, type) => {
  answer = (response) => response.writeHead(status, { location: '/elsewhere' }).end('no such\n  channel');
  await expect(sendAlert(`http://${origin}/`, alert)).rejects.toMatchObject({
    type,
    story: {
      attempted: `send alert "backup_failed" to http://${origin}/`,
      cause: expect.stringMatching(new RegExp(`^it answered ${status} .*: no such channel$`)),
    },
  });
  expect(received).toHaveLength(1);
});

test('an endless answer is not read to its end', async () => {
  answer = (response) => {
    response.writeHead(500).write('x'.repeat(1000));
    const timer = setInterval(() => response.write('x'.repeat(1000)), 1);
    response.on('close', () => clearInterval(timer));
  };
  const error = await sendAlert(`http://${origin}/`, alert).catch((reason: Error) => reason);
  expect(error).toMatchObject({ type: 'AlertNotDelivered' });
  expect(String(error).length).toBeLessThan(500);
});

test('an endpoint that does not answer in time is no delivery', async () => {
  answer = () => undefined;
  await expect(sendAlert(`http://${origin}/`, alert, { timeoutMs: 50 })).rejects.toMatchObject({
    type: 'AlertNotDelivered',
    story: { cause: 'no answer within 50 ms' },
  });
});

test.each(['127.0.0.1', 'localhost'])('a refused connection to %s says so', async (host) => {
  server.close();
  await once(server, 'close');
  const port = origin.split(':')[1];
  await expect(sendAlert(`http://${host}:${port}/`, alert)).rejects.toMatchObject({
    type: 'AlertNotDelivered',
    story: { cause: expect.stringContaining('ECONNREFUSED') },
  });
});

test('a server that hangs up is no delivery', async () => {
  answer = (response) => response.socket?.destroy();
  await expect(sendAlert(`http://${origin}/`, alert)).rejects.toMatchObject({ type: 'AlertNotDelivered' });
});

test('the caller can cancel it', async () => {
  const controller = new AbortController();
  answer = () => controller.abort();
  const sent = sendAlert(`http://${origin}/`, alert, { signal: controller.signal });
  await expect(sent).rejects.toMatchObject({ type: 'Cancelled' });
});

test('nothing secret of the endpoint is in the error', async () => {
  answer = (response) =>
    response.writeHead(403).end('token canary-token of canary-user:canary-pass is unknown');
  const url = `http://canary-user:canary-pass@${origin}/services/canary0canary0canary?token=canary-token`;
  const error = await sendAlert(url, alert).catch((reason: Error) => reason);
  expect(error).toBeInstanceOf(Error);
  const { message, stack, story } = error as Error & { story: object };
  const text = [message, stack, JSON.stringify(story)].join('\n');
  expect(text).toContain('it answered 403');
  expect(text).not.toMatch(/canary-pass|canary-token|canary0/);
});
