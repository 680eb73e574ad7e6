import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type GuardedProcess, startGuarded } from './guarded-process.js';
import { lastingPort } from './lasting-port.js';
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

/** Starts Prometheus, which scrapes one worker as the job `holdfast` and evaluates rules as often. */
export async function startPrometheus({ target, rules }: PrometheusOptions): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'hf-prometheus-'));
  const port = await lastingPort();
  await writeFile(join(folder, 'rules.yml'), rules);
  await writeFile(join(folder, 'prometheus.yml'), settings(target));
  const server = startGuarded(
    join(await prometheusBinDir(), 'prometheus'),
    [
      ...[`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`],
      ...[`--web.listen-address=127.0.0.1:${port}`, '--log.level=error'],
    ],
    { cwd: folder },
  );
  const url = `http://127.0.0.1:${port}`;
  const dispose = async () => {
    await server.stop('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await untilReady(url, server);
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

async function untilReady(url: string, server: GuardedProcess): Promise<void> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await delay(100)) {
    if (!server.isRunning()) throw new Error(`Prometheus ended: ${server.told()}`);
    const response = await fetch(`${url}/-/ready`).catch(() => undefined);
    if (response?.ok) return;
  }
  throw new Error(`Prometheus was not ready within a minute: ${server.told()}`);
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
