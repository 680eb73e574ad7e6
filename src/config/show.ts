import { Document, isPair, isSeq, visit } from 'yaml';
import { mask, maskUrl } from '../mask-url.js';
import type { ClusterConfig, Config } from './config.js';

/** The settings that hold, laid out as in holdfast.yaml, every secret masked. */
export function describeConfig(config: Config): Record<string, unknown> {
  const { address, namespace, port, uiPort } = config.temporal;
  return withoutGaps({
    version: 1,
    backupDir: config.backupDir,
    host: config.host,
    pgBinDir: config.pgBinDir,
    parallelPerHost: config.parallelPerHost,
    temporal: withoutGaps({ address, namespace, port, uiPort }),
    alerts: withoutGaps({
      endpoint: config.alertEndpoint && maskUrl(config.alertEndpoint),
      deadMansSwitch: config.deadMansSwitch && maskUrl(config.deadMansSwitch),
      webhooks:
        config.webhooks.length === 0
          ? undefined
          : config.webhooks.map((webhook) => ({ ...webhook, url: maskUrl(webhook.url) })),
      mail: config.mail && { ...config.mail, ...(config.mail.password !== undefined && { password: mask }) },
      routes: config.routes.length === 0 ? undefined : config.routes,
    }),
    metrics: withoutGaps({ address: config.metricsAddress }),
    clusters: Object.fromEntries(
      Object.values(config.clusters).map((cluster) => [cluster.name, describeCluster(cluster)]),
    ),
  });
}

/** {@link describeConfig} as YAML, behind each value where it was read. */
export function renderConfig(config: Config): string {
  const document = new Document(describeConfig(config));
  visit(document, {
    Scalar: (key, node, parents) => {
      if (key === 'key') return;
      const origin = originOf(config, pathOf(key, parents));
      if (origin !== undefined) node.comment = ` ${origin}`;
    },
  });
  return document.toString({ lineWidth: 0 }).trimEnd();
}

/** The names above a value; of one in a list, its place there. */
function pathOf(key: unknown, parents: readonly unknown[]): string[] {
  const names = parents.flatMap((parent, index) => {
    if (isPair(parent)) return [String(parent.key)];
    const place = isSeq(parent) ? parent.items.indexOf(parents[index + 1]) : -1;
    return place < 0 ? [] : [String(place)];
  });
  return typeof key === 'number' ? [...names, String(key)] : names;
}

/** Where it was read; of a part of a list, where the list was. */
function originOf({ origins }: Config, path: readonly string[]): string | undefined {
  return origins[path.join('.')] ?? origins[path.slice(0, -1).join('.')];
}

function describeCluster({ name: _, connection, ...settings }: ClusterConfig): Record<string, unknown> {
  const { password, ...plain } = connection;
  const described = withoutGaps({ ...plain, password: password === undefined ? undefined : mask });
  const { host, repositoryPath, ...rest } = settings;
  return withoutGaps({ host, repositoryPath, connection: described, ...rest });
}

function withoutGaps(settings: Record<string, unknown>): Record<string, unknown> {
  const kept = Object.entries(settings).filter(([, value]) => value !== undefined && !isEmptyMap(value));
  return Object.fromEntries(kept);
}

function isEmptyMap(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
