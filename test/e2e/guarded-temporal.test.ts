import proto from '@temporalio/proto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FullBackupResult } from '../../src/domain/backup/contracts.js';
import { searchAttributeNames } from '../../src/domain/contracts.js';
import { addSearchAttributes } from '../../src/temporal/search-attributes.js';
import { type Cluster, startCluster } from '../support/cluster.js';
import { type GuardedTemporal, guardTemporal } from '../support/guarded-temporal.js';
import { createWorkplace, type Workplace } from '../support/holdfast.js';
import { startTemporal, type TemporalServer } from '../support/temporal.js';

const apiKey = 'canary-api-key-4711';
const namespace = 'team.a1b2c';
let cluster: Cluster;
let temporal: TemporalServer;
let guarded: GuardedTemporal;
let place: Workplace;

beforeAll(async () => {
  [cluster, temporal] = await Promise.all([startCluster(), startTemporal()]);
  const aDay = proto.google.protobuf.Duration.fromObject({ seconds: 86_400 });
  await temporal.connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: aDay,
  });
  place = await createWorkplace(cluster.env);
  guarded = await guardTemporal(temporal, place.folder, { apiKey, namespace });
  Object.assign(place.env, guarded.env);
});

afterAll(async () => {
  await guarded[Symbol.asyncDispose]();
  await place[Symbol.asyncDispose]();
  await temporal[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

test('without the search attributes, which only an administrator may make, the command tells what to run', async () => {
  const { exitCode, stderr } = await place.run('backup', 'postgres');
  expect(exitCode).toBe(1);
  expect(stderr).toContain('not for users of a namespace');
  expect(stderr).toContain(
    'temporal operator search-attribute create --namespace team.a1b2c --name HoldfastCluster',
  );
  expect(stderr).toContain(
    'tcld namespace search-attributes add --namespace team.a1b2c --search-attribute HoldfastCluster=Keyword',
  );
});

test('with certificates and an API key, client and worker do a backup, and tell nobody the key', async () => {
  await addSearchAttributes(temporal.connection, namespace, searchAttributeNames);
  const { backup } = await place.json<FullBackupResult>('--verbose', 'backup', 'postgres');
  expect(backup.database).toBe('postgres');
  const calls = [...guarded.calls.keys()].map((path) => path.split('/').at(-1));
  expect(calls).toEqual(expect.arrayContaining(['StartWorkflowExecution', 'PollActivityTaskQueue']));
  const { stdout } = await place.run('config', 'show');
  expect(stdout).not.toContain(apiKey);
});

test.for([
  [
    'with a certificate of somebody else',
    { TEMPORAL_TLS_CLIENT_CERT_PATH: 'front.crt', TEMPORAL_TLS_CLIENT_KEY_PATH: 'front.key' },
  ],
  ['with another key', { TEMPORAL_API_KEY: 'another' }],
  ['without trust in the server', { TEMPORAL_TLS_SERVER_CA_CERT_PATH: 'client-ca.crt' }],
] as const)('%s a command is told that it does not get to Temporal, and starts none', async ([_, env]) => {
  const { exitCode, stderr } = await place.start(['backup', 'postgres'], env);
  expect(exitCode).toBe(1);
  expect(stderr).toContain(`connect to Temporal at ${guarded.env.TEMPORAL_ADDRESS}`);
  expect(stderr).not.toContain('embedded');
  expect(stderr).not.toContain(apiKey);
});

test('a certificate that is not there is told as a wrong setting', async () => {
  const { exitCode, stderr } = await place.start(['backup', 'postgres'], {
    TEMPORAL_TLS_CLIENT_CERT_PATH: '/nowhere/client.crt',
  });
  expect(exitCode).toBe(2);
  expect(stderr).toContain('/nowhere/client.crt');
  expect(stderr).toContain('TEMPORAL_TLS_');
});

test('where nobody listens the command says so at once', async () => {
  const { exitCode, stderr } = await place.start(['backup', 'postgres'], { TEMPORAL_ADDRESS: '127.0.0.1:1' });
  expect(exitCode).toBe(1);
  expect(stderr).toContain('connect ECONNREFUSED 127.0.0.1:1');
});
