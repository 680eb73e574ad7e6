import { expect, test, vi } from 'vitest';
import { startReceiver } from '../alerting/receiver.js';
import { createWorkplace } from '../support/holdfast.js';
import { patience } from '../support/patience.js';
import { startTemporal } from '../support/temporal.js';

test('what a look could not deliver, a worker delivers when the endpoint is back', async () => {
  await using receiver = await startReceiver();
  await using temporal = await startTemporal();
  await using place = await createWorkplace({ ...temporal.env, ALERT_ENDPOINT: receiver.url });
  receiver.answer = (response) => response.writeHead(503).end();
  const look = await place.run('monitor', '--offline');
  expect(look).toMatchObject({ exitCode: 5, stderr: expect.stringContaining('1 alert not delivered yet') });
  const tried = receiver.received.length;
  const worker = place.start(['worker']);
  await vi.waitUntil(() => receiver.received.length > tried, patience);
  receiver.answer = (response) => response.writeHead(204).end();
  await vi.waitUntil(() => receiver.taken().length > 0, patience);
  worker.kill('SIGTERM');
  expect(await worker).toMatchObject({ exitCode: 0 });
  expect(receiver.taken()).toMatchObject([{ type: 'backup_health', priority: 'critical' }]);
});
