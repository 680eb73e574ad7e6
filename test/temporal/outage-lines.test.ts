import { PassThrough } from 'node:stream';
import { expect, test, vi } from 'vitest';
import { createLogger } from '../../src/log.js';
import { OutageLines } from '../../src/temporal/outage-lines.js';
import { patience } from '../support/patience.js';

test('an outage is told once, and its end once Temporal answers; the next one is told again', async () => {
  const stream = new PassThrough();
  let written = '';
  stream.on('data', (text: Buffer) => {
    written += text;
  });
  const outages = new OutageLines(
    createLogger({ destination: 'json', level: 'success', secrets: [], stream }),
    10,
  );
  let answers = false;
  outages.probe = async () => {
    if (!answers) throw new Error('no');
  };
  const retried = { target: 'temporalio_client::retry', error: 'Status { code: Unavailable, message: "x" }' };
  for (let at = 0; at < 5; at++) expect(outages.takes(retried)).toBe(true);
  expect(outages.takes({ ...retried, error: 'Status { code: PermissionDenied }' })).toBe(false);
  expect(outages.takes({ target: 'temporalio_sdk_core', error: retried.error })).toBe(false);
  const told = (words: RegExp) => written.match(words)?.length ?? 0;
  answers = true;
  await vi.waitUntil(() => told(/answers again/g) === 1, patience);
  expect(told(/does not answer since/g)).toBe(1);
  answers = false;
  expect(outages.takes(retried)).toBe(true);
  await vi.waitUntil(() => told(/does not answer since/g) === 2, patience);
});
