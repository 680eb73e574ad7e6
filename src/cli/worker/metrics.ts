import type { Client } from '@temporalio/client';
import type { Figure } from '../../domain/metrics/catalogue.js';
import type { OperationEnd } from '../../domain/operation-end.js';
import type { Logger } from '../../log.js';
import { Refreshed } from '../../metrics/refreshed.js';
import { MetricsRegistry } from '../../metrics/registry.js';
import { operationFigures, RepositoryScan } from '../../metrics/scan.js';
import { serveMetrics } from '../../metrics/serve.js';
import { approvalFigures } from '../../temporal/approval-figures.js';
import { type SdkMetrics, sdkMetrics } from '../../temporal/sdk-metrics.js';
import { version } from '../../version.js';
import type { CommandContext } from '../context.js';

/** The metrics of a lasting worker, which outlive its connection to Temporal. */
export interface WorkerMetrics {
  /** Full address. */
  url: string;
  sdk: SdkMetrics;
  count(end: OperationEnd): void;
  /** Temporal, while the worker has it. */
  client: Client | undefined;
  close(): Promise<void>;
}

const answerWithinMs = 1_500;

/** @throws HoldfastError `ConfigurationInvalid` where nobody can listen at `address` */
export async function startMetrics(
  context: CommandContext,
  address: string,
  log: Logger,
): Promise<WorkerMetrics> {
  const { config, stateDir } = context;
  const registry = new MetricsRegistry();
  const scan = new RepositoryScan({ config, stateDir, onProblem: (message) => log.warn(message) });
  const sdk = await sdkMetrics();
  const ours = Object.values(config.clusters).filter(({ host }) => host === config.host);
  const clusters = ours.map(({ name }) => name);
  const metrics: Pick<WorkerMetrics, 'client'> = { client: undefined };
  const temporal = temporalFigures(metrics, clusters);
  const text = async () => {
    const parts = await Promise.all([scan.figures(), operationFigures({ config, stateDir }), temporal()]);
    const own = await registry.text([buildInfo, ...parts.flat()]);
    return `${own}\n${await sdk.text()}`;
  };
  const server = await serveMetrics(address, { contentType: registry.contentType, text: inTurn(text) });
  return Object.assign(metrics, {
    ...{ url: server.url, sdk },
    count: (end: OperationEnd) => registry.count(end),
    close: () => server.close(),
  });
}

const buildInfo: Figure = { name: 'holdfast_build_info', labels: { version }, value: 1 };

/** One that does not answer for long keeps nobody waiting as long. */
function temporalFigures(
  place: Pick<WorkerMetrics, 'client'>,
  clusters: readonly string[],
): () => Promise<Figure[]> {
  const up = (value: number): Figure => ({ name: 'holdfast_temporal_up', labels: {}, value });
  const look = async ({ client }: Pick<WorkerMetrics, 'client'>) => {
    if (!client) return [up(0)];
    const waiting = await approvalFigures(client, clusters, answerWithinMs).catch(() => undefined);
    return waiting ? [up(1), ...waiting] : [up(0)];
  };
  const known = new Refreshed(() => look(place), { freshMs: 2_000, patienceMs: 500 });
  return async () => (place.client ? ((await known.get()) ?? [up(0)]) : [up(0)]);
}

/** Whoever asks while an answer is made gets that one: many who ask cost as much as one. */
function inTurn<T>(make: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return () => {
    running ??= make().finally(() => {
      running = undefined;
    });
    return running;
  };
}
