import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { beatWhileServerWorks } from '../../../activities/heartbeat/busy.js';
import { sessionName } from '../../../src/postgres/connection/session-name.js';
import { type Cluster, startCluster } from '../../support/cluster.js';

let cluster: Cluster;
const opened: pg.Client[] = [];

beforeAll(async () => {
  cluster = await startCluster();
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

const connection = () => ({ host: cluster.socketDir, port: cluster.port, user: cluster.user });

/** A session of that run. */
async function sessionOf(runTag: string): Promise<pg.Client> {
  const client = new pg.Client({
    ...{ ...connection(), database: 'postgres', application_name: sessionName(runTag) },
  });
  client.on('error', () => undefined);
  await client.connect();
  opened.push(client);
  return client;
}

const runs = ['works', 'idles', 'waits for a lock', 'is in a transaction', 'has no session'] as const;

test('a run whose session works beats; one that idles or waits for a lock does not', async () => {
  const sessions = Object.fromEntries(
    await Promise.all(runs.slice(0, 4).map(async (run) => [run, await sessionOf(run)] as const)),
  );
  const holder = await sessionOf('another');
  await holder.query('CREATE TABLE locked (); BEGIN; LOCK TABLE locked');
  const ignore = () => undefined;
  sessions['waits for a lock']?.query('SELECT FROM locked').catch(ignore);
  await sessions['is in a transaction']?.query('BEGIN; SELECT 1');
  sessions.works?.query('SELECT count(*) FROM generate_series(1, 100000000000)').catch(ignore);

  const beats = Object.fromEntries(runs.map((run) => [run, 0]));
  const hasBeaten = () => vi.waitUntil(() => (beats.works ?? 0) >= 2, { timeout: 120_000, interval: 50 });
  const results = await Promise.all(
    runs.map((run) =>
      beatWhileServerWorks(
        connection(),
        run,
        {
          serverWorks: () => {
            beats[run] = (beats[run] ?? 0) + 1;
          },
          quietMs: () => Infinity,
        },
        async () => {
          await hasBeaten();
          return run;
        },
      ),
    ),
  );
  expect(results).toEqual([...runs]);
  const { works, ...others } = beats;
  expect(works).toBeGreaterThanOrEqual(2);
  expect(others).toEqual({
    ...{ idles: 0, 'waits for a lock': 0, 'is in a transaction': 0, 'has no session': 0 },
  });
  await holder.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()');
  await Promise.allSettled(opened.map((client) => client.end()));
});

test('a server that can’t be asked is no failure of the work, whose own end counts', async () => {
  const nowhere = { ...connection(), port: 1 };
  let beats = 0;
  const beat = {
    serverWorks: () => {
      beats += 1;
    },
    quietMs: () => Infinity,
  };
  const long = () => new Promise<string>((resolve) => setTimeout(() => resolve('done'), 3_500));
  expect(await beatWhileServerWorks(nowhere, 'run', beat, long)).toBe('done');
  const failing = beatWhileServerWorks(nowhere, 'run', beat, () => Promise.reject(new Error('its own')));
  await expect(failing).rejects.toThrow('its own');
  expect(beats).toBe(0);
});

test('where the work itself has just told of progress, nobody is asked', async () => {
  const run = 'tells';
  const session = await sessionOf(run);
  session.query('SELECT pg_sleep(60)').catch(() => undefined);
  const beat = {
    serverWorks: () => expect.unreachable('nobody should have been asked'),
    quietMs: () => 1_000,
  };
  const long = () => new Promise<string>((resolve) => setTimeout(() => resolve('done'), 7_000));
  expect(await beatWhileServerWorks(connection(), run, beat, long)).toBe('done');
});
