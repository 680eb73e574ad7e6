import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { findProgram } from '../../src/stream/program/find-program.js';
import { obtainTemporal } from '../../src/temporal/embedded/obtain.js';
import { type Cluster, startCluster } from '../support/cluster.js';
import { composeFile, projectFile } from '../support/compose.js';
import { alertRules } from '../support/dashboard.js';
import { type GuardedProcess, startGuarded } from '../support/guarded-process.js';
import { createWorkplace, type RunningCommand, type Workplace } from '../support/holdfast.js';
import { lastingPort } from '../support/lasting-port.js';
import { type NativeService, nativeService } from '../support/native-service.js';
import { patience } from '../support/patience.js';
import type { PostgresVersion } from '../support/postgresql-binaries.js';
import { prometheusBinDir } from '../support/prometheus-binaries.js';

/** Grafana is to be had as an image alone: of it there are its files to check, in files.test.ts. */
const leftOut = ['grafana'];
const ports = { temporal: 0, webUi: 0, metrics: 0, prometheus: 0 };
const at = (port: number) => `127.0.0.1:${port}`;

let services: Record<'postgres' | 'temporal' | 'worker' | 'prometheus', NativeService>;
/** Where the programs of the images are here. */
let programs: Record<'pg_isready' | 'temporal' | 'node' | 'prometheus', string>;
let place: Workplace;
let cluster: Cluster;
let temporal: GuardedProcess | undefined;
let worker: RunningCommand;
let prometheus: GuardedProcess | undefined;

beforeAll(async () => {
  place = await createWorkplace({});
  for (const name of ['temporal', 'webUi', 'metrics', 'prometheus'] as const)
    ports[name] = await lastingPort();
  services = await takeServices();
  cluster = await startPostgres();
  programs = {
    pg_isready: join(cluster.binDir, 'pg_isready'),
    temporal: await obtainTemporal({ onProgress: () => {} }),
    node: process.execPath,
    prometheus: join(await prometheusBinDir(), 'prometheus'),
  };
  // The image has the client programs of the server's release.
  const server = { PGHOST: '127.0.0.1', PGPORT: `${cluster.port}`, PG_BIN_DIR: cluster.binDir };
  Object.assign(place.env, services.worker.env, server, { HOLDFAST_HOST: await hostName() });
});

afterAll(async () => {
  await prometheus?.stop('SIGKILL');
  await place?.[Symbol.asyncDispose]();
  await temporal?.stop('SIGTERM');
  await cluster?.[Symbol.asyncDispose]();
});

test('each service runs its command with its environment; its health check holds then, and not before', async () => {
  const all = Object.keys((await composeFile()).services);
  expect([...Object.keys(services), ...leftOut].sort()).toEqual(all.sort());
  const later = ['temporal', 'worker', 'prometheus'] as const;
  expect(await Promise.all(later.map(isHealthy))).toEqual([false, false, false]);
  temporal = startTemporal();
  prometheus = startPrometheus();
  await untilHealthy('temporal');
  worker = place.start(services.worker.args);
  for (const name of ['postgres', 'worker', 'prometheus'] as const) await untilHealthy(name);
});

/** What the commands at the file's head print. */
const printed: Record<string, RegExp[]> = {
  'worker holdfast backup shop': [/^✓ backed up shop as shop_full_\d{8}_\d{6}$/m, /worker\/backups\/full\//],
  'worker holdfast doctor': [
    /temporal: OK .*\(configured\)/,
    /workers: OK +one for worker$/m,
    / 0 critical,/,
  ],
  'worker holdfast schedule apply': [/^\+ default\/full {2}created/m, /^✓ default\/monitor: /m],
  'temporal temporal operator namespace update --namespace default --retention 30d': [/updat/i],
};

test('the commands that the file’s head names work, and print what they should', async () => {
  const head = await projectFile('docker-compose.yml');
  const commands = [...head.matchAll(/^# {3}docker compose exec (.+)$/gm)].map(([, words = '']) => words);
  expect(commands).toEqual(Object.keys(printed));
  for (const command of commands) {
    const [, program, ...args] = command.split(' ');
    const { exitCode, stdout, stderr } = await (program === 'holdfast'
      ? place.run(...args)
      : askTemporal(args));
    expect(exitCode, `${command}: ${stderr}`).toBe(0);
    for (const words of printed[command] ?? []) expect(stdout, command).toMatch(words);
  }
});

test('Prometheus finds the worker at its address, and has the rules of alerts', async () => {
  type Answer = { data: { activeTargets?: { health: string }[]; groups?: { rules: unknown[] }[] } };
  const ask = async (what: string) =>
    ((await (await fetch(`http://${at(ports.prometheus)}/api/v1/${what}`)).json()) as Answer).data;
  const isUp = async () => (await ask('targets')).activeTargets?.map(({ health }) => health).join() === 'up';
  await vi.waitUntil(isUp, patience);
  const rules = (await ask('rules')).groups?.flatMap((group) => group.rules);
  expect(rules).toHaveLength((await alertRules()).length);
});

test('told to stop, the worker and Temporal end in order; schedules and backups are there at the next start', async () => {
  const schedules = (await place.run('schedule', 'list')).stdout.match(/^default\/\w+/gm);
  expect(schedules).toHaveLength(3);
  worker.kill('SIGTERM');
  expect((await worker).exitCode).toBe(0);
  expect(await isHealthy('worker')).toBe(false);
  await temporal?.stop('SIGTERM');
  temporal = startTemporal();
  await untilHealthy('temporal');
  expect((await place.run('schedule', 'list')).stdout.match(/^default\/\w+/gm)).toEqual(schedules);
  expect((await place.json<{ backups: unknown[] }>('list')).backups).toHaveLength(1);
});

async function takeServices(): Promise<typeof services> {
  const addresses = {
    ...{ '0.0.0.0': '127.0.0.1', 'temporal:7233': at(ports.temporal) },
    ...{ 'worker:9464': at(ports.metrics), '0.0.0.0:9464': at(ports.metrics) },
    ...{ '127.0.0.1:9464': at(ports.metrics), '127.0.0.1:9090': at(ports.prometheus) },
    // Nobody waits half a minute for Prometheus here.
    ...{ 'scrape_interval: 30s': 'scrape_interval: 2s', 'scrape_timeout: 10s': 'scrape_timeout: 2s' },
  };
  const take = (name: string) => nativeService(name, join(place.folder, name), addresses);
  const [one, two, three] = [await take('postgres'), await take('temporal'), await take('worker')];
  return { postgres: one, temporal: two, worker: three, prometheus: await take('prometheus') };
}

async function hostName(): Promise<string> {
  return (await composeFile()).services.worker?.hostname ?? '';
}

/** Sets up what the image does at its first start. */
async function startPostgres(): Promise<Cluster> {
  const [, version] = /:(\d+)$/.exec((await composeFile()).services.postgres?.image ?? '') ?? [];
  const { POSTGRES_PASSWORD: password = '', POSTGRES_DB: database = '' } = services.postgres.env;
  const started = await startCluster({ version: Number(version) as PostgresVersion, password });
  await started.createDatabase(database);
  return started;
}

function startTemporal(): GuardedProcess {
  const args = [...services.temporal.args, '--port', `${ports.temporal}`, '--ui-port', `${ports.webUi}`];
  return startGuarded(programs.temporal, args, { cwd: place.folder });
}

function startPrometheus(): GuardedProcess {
  const args = [...services.prometheus.args, `--web.listen-address=${at(ports.prometheus)}`];
  return startGuarded(programs.prometheus, args, { cwd: place.folder });
}

function askTemporal(args: string[]) {
  return execa(programs.temporal, args, { env: { TEMPORAL_ADDRESS: at(ports.temporal) }, reject: false });
}

async function untilHealthy(name: keyof typeof services): Promise<void> {
  await vi.waitUntil(() => isHealthy(name), patience);
}

async function isHealthy(name: keyof typeof services): Promise<boolean> {
  const [program = '', ...args] = services[name].healthcheck;
  if (program === 'temporal') return (await askTemporal(args)).exitCode === 0;
  if (program === 'wget' && (await findProgram('wget')) === undefined)
    return (await fetch(args.at(-1) ?? '').catch(() => undefined))?.ok === true;
  const path = Object.entries(programs).find(([known]) => known === program)?.[1] ?? program;
  return (await execa(path, args, { env: { PGPORT: `${cluster?.port}` }, reject: false })).exitCode === 0;
}
