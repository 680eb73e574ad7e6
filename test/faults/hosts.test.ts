import { existsSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { hostQueue } from '../../src/domain/contracts.js';
import { hasLivePoller } from '../../src/temporal/task-queues.js';
import { type Cluster, startCluster } from '../support/cluster.js';
import { createWorkplace, type RunningCommand, type Workplace } from '../support/holdfast.js';
import { startTemporal, type TemporalServer } from '../support/temporal.js';
import { patience, patiently } from './support/scene.js';

/** Two hosts of one machine: each with a name, a repository and a worker of its own, and the same holdfast.yaml. */
const hosts = ['one', 'two'].map((name) => `hosts-${process.pid}-${name}`);

let cluster: Cluster;
let temporal: TemporalServer;
const places: Workplace[] = [];
const workers: RunningCommand[] = [];

beforeAll(async () => {
  cluster = await startCluster();
  temporal = await startTemporal();
  for (const database of ['shop', 'crm']) {
    await cluster.createDatabase(database);
    await cluster.psql('CREATE TABLE t AS SELECT generate_series(1, 100) AS a', database);
  }
  const connection = `{host: "${cluster.socketDir}", port: ${cluster.port}, user: postgres}`;
  const settings = `clusters:
  one: {host: ${hosts[0]}, connection: ${connection}}
  two: {host: ${hosts[1]}, connection: ${connection}}
`;
  for (const host of hosts) {
    const env = { ...temporal.env, PG_BIN_DIR: cluster.binDir, HOLDFAST_HOST: host };
    const place = await createWorkplace(env);
    await writeFile(join(place.folder, 'holdfast.yaml'), settings);
    places.push(place);
    workers.push(place.start(['worker']));
  }
  for (const host of hosts)
    await vi.waitUntil(() => hasLivePoller(temporal.client, hostQueue(host)), patiently);
});

afterAll(async () => {
  for (const place of places) await place[Symbol.asyncDispose]();
  await temporal[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

/** Names of artifacts that a host has of a cluster. */
async function artifacts(place: Workplace | undefined, name: string): Promise<string[]> {
  const folder = join(place?.backupDir ?? '', name, 'full');
  const names = existsSync(folder) ? await readdir(folder) : [];
  return names.filter((each) => each.endsWith('.sql.gz') && !each.includes('globals'));
}

test(
  'each worker does its own host’s work alone, whichever host asks and however many at once',
  patience,
  async () => {
    const [first, second] = places;
    // Each command runs on the other cluster's host.
    const commands = [
      second?.run('backup', 'shop', '--cluster', 'one'),
      first?.run('backup', 'shop', '--cluster', 'two'),
      second?.run('backup', 'crm', '--cluster', 'one'),
      first?.run('backup', 'crm', '--cluster', 'two'),
    ];
    for (const end of await Promise.all(commands)) expect(end).toMatchObject({ exitCode: 0 });
    expect(await artifacts(first, 'one')).toHaveLength(2);
    expect(await artifacts(second, 'two')).toHaveLength(2);
    expect([await artifacts(first, 'two'), await artifacts(second, 'one')]).toEqual([[], []]);
  },
);

test(
  'T4 with a host’s worker gone its work is refused by the host’s name, and the other host’s goes on',
  patience,
  async () => {
    const [first, second] = places;
    workers[0]?.kill('SIGKILL');
    await workers[0];
    const refused = await second?.run('backup', 'shop', '--cluster', 'one');
    expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(`host "${hosts[0]}"`) });
    expect(await second?.run('backup', 'shop', '--cluster', 'two')).toMatchObject({ exitCode: 0 });
    expect(await artifacts(first, 'one')).toHaveLength(2);
    expect(await artifacts(second, 'two')).toHaveLength(3);
  },
);
