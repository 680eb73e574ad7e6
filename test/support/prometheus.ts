import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../src/temporal/embedded/ports.js';
import { prometheusBinDir } from './prometheus-binaries.js';

/** One series of an answer. */
export interface Sample {
  metric: Record<string, string>;
  /** At the instant asked for. */
  value: number;
}

export interface FiringAlert {
  name: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

/** A Prometheus server of the test's own. */
export interface Prometheus extends AsyncDisposable {
  readonly url: string;
  /** What an instant query gives; throws Prometheus's own words where it is refused. */
  query(expression: string): Promise<Sample[]>;
  /** The alerts that fire now. */
  firing(): Promise<FiringAlert[]>;
}

export interface PrometheusOptions {
  /** `127.0.0.1:9464`, scraped every quarter of a second. */
  target: string;
  /** Text of a file of rules. */
  rules: string;
}

/** A watcher ends it when the pipe from the test run closes without a word: the run was killed. */
const guarded = `
( ( read -r word <&3
    [ "$word" = ended ] || kill -KILL $$ ) >/dev/null 2>&1 & )
exec "$@" 3<&-`;

/** Starts Prometheus, which scrapes one worker as the job `holdfast` and evaluates rules as often. */
export async function startPrometheus({ target, rules }: PrometheusOptions): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'hf-prometheus-'));
  const port = await freePort();
  await writeFile(join(folder, 'rules.yml'), rules);
  await writeFile(join(folder, 'prometheus.yml'), settings(target));
  const child = spawn(
    '/bin/sh',
    [
      ...['-c', guarded, 'prometheus', join(await prometheusBinDir(), 'prometheus')],
      ...[`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`],
      ...[`--web.listen-address=127.0.0.1:${port}`, '--log.level=error'],
    ],
    { cwd: folder, stdio: ['ignore', 'ignore', 'pipe', 'pipe'] },
  );
  let told = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    told = (told + chunk.toString()).slice(-2000);
  });
  const url = `http://127.0.0.1:${port}`;
  const dispose = async () => {
    await stop(child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await untilReady(url, child, () => told);
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    url,
    query: (text) => query(url, text),
    firing: () => firing(url),
    [Symbol.asyncDispose]: dispose,
  };
}

function settings(target: string): string {
  return `
global: { scrape_interval: 250ms, scrape_timeout: 250ms, evaluation_interval: 250ms }
rule_files: [rules.yml]
scrape_configs:
  - job_name: holdfast
    scrape_interval: 500ms
    scrape_timeout: 500ms
    static_configs: [{ targets: ['${target}'] }]
`;
}

async function untilReady(url: string, child: ChildProcess, told: () => string): Promise<void> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await delay(100)) {
    if (child.exitCode !== null) throw new Error(`Prometheus ended: ${told()}`);
    const response = await fetch(`${url}/-/ready`).catch(() => undefined);
    if (response?.ok) return;
  }
  throw new Error(`Prometheus was not ready within a minute: ${told()}`);
}

interface Answer {
  status: string;
  error?: string;
  data: {
    resultType: string;
    result: { metric: Record<string, string>; value: [number, string] }[];
    alerts: { state: string; labels: Record<string, string>; annotations: Record<string, string> }[];
  };
}

async function query(url: string, expression: string): Promise<Sample[]> {
  const { status, error, data } = await ask(`${url}/api/v1/query?query=${encodeURIComponent(expression)}`);
  if (status !== 'success') throw new Error(`${error}: ${expression}`);
  if (data.resultType !== 'vector')
    throw new Error(`it gives a ${data.resultType}, no vector: ${expression}`);
  return data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
}

async function firing(url: string): Promise<FiringAlert[]> {
  const { data } = await ask(`${url}/api/v1/alerts`);
  return data.alerts
    .filter(({ state }) => state === 'firing')
    .map(({ labels, annotations }) => ({ name: labels.alertname ?? '', labels, annotations }));
}

async function ask(url: string): Promise<Answer> {
  return (await (await fetch(url)).json()) as Answer;
}

async function stop(child: ChildProcess): Promise<void> {
  const leash = child.stdio[3] as Writable;
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  leash.end('ended\n');
}
