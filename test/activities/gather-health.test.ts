import { once } from 'node:events';
import { rename } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, test } from 'vitest';
import { createHealthActivities } from '../../activities/health.js';
import type { HealthFacts } from '../../src/domain/health/facts.js';
import { createRepository } from '../monitoring/repository.js';

test('of a fleet of databases the repository is surveyed and the server asked once a look, not once a page', async () => {
  await using repository = await createRepository();
  const names = Array.from({ length: 220 }, (_, index) => `db${String(index).padStart(3, '0')}`);
  for (const name of names) await repository.add(name, new Date(), 1);
  let asked = 0;
  const server = createServer((socket) => {
    asked += 1;
    socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const env = { PGHOST: '127.0.0.1', PGPORT: String(port), PGUSER: 'nobody' };
  const { stateDir } = repository;
  const config = await repository.config(env);
  const { gatherHealth } = createHealthActivities({
    config,
    stateDir,
    logOptions: { destination: 'json', secrets: [] },
  });
  const page = (after: string | null, runId: string): Promise<HealthFacts> =>
    new MockActivityEnvironment({
      workflowExecution: { workflowId: 'monitor/default', runId },
    }).run(gatherHealth, { cluster: 'default', after });
  try {
    let facts = await page(null, 'first');
    const [askedOnce, seen] = [asked, facts.databases.map(({ database }) => database)];
    expect(askedOnce).toBeGreaterThan(0);
    expect(facts).toMatchObject({ isFirstPage: true, repository: { state: 'present' } });
    const { observedAt } = facts;
    // What is gone meanwhile is for the next look.
    await rename(repository.root, `${repository.root}.away`);
    while (facts.next !== null) {
      facts = await page(facts.next, 'first');
      expect(facts).toMatchObject({ isFirstPage: false, observedAt, wal: null });
      seen.push(...facts.databases.map(({ database }) => database));
    }
    expect(seen).toEqual(names);
    expect(asked).toBe(askedOnce);
    // Of another run, as after a worker's death, nothing is kept.
    expect(await page('db049', 'second')).toMatchObject({ repository: { state: 'absent' } });
    expect(asked).toBeGreaterThan(askedOnce);
  } finally {
    server.close();
  }
});
