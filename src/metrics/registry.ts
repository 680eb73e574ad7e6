import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { counters, type Figure, type GaugeName, gauges, histograms } from '../domain/metrics/catalogue.js';
import { type OperationEnd, operationOutcomes } from '../domain/operation-end.js';

/** Databases, over all operations, whose names stand in what this process counts; those after them have none. */
const mostDatabases = 2_000;

/** Everything of the catalogue, in Prometheus's text. */
export class MetricsRegistry {
  readonly #registry = new Registry();
  readonly #gauges = new Map<GaugeName, Gauge>();
  readonly #operations = new Counter({
    ...described('holdfast_operations_total', counters),
    registers: [this.#registry],
  });
  readonly #durations = this.#histogram('holdfast_operation_duration_seconds');
  readonly #sizes = this.#histogram('holdfast_operation_size_bytes');
  readonly #databases = new Set<string>();

  constructor() {
    for (const name of Object.keys(gauges) as GaugeName[])
      this.#gauges.set(name, new Gauge({ ...described(name, gauges), registers: [this.#registry] }));
  }

  /** Counts an operation. Its other ways to end are there from then on, too: from 0 on, an increase is seen. */
  count(end: OperationEnd): void {
    const { cluster, operation, outcome, durationMs, sizeBytes } = end;
    const labels = { cluster, operation, database: this.#known(cluster, end.database) };
    for (const other of operationOutcomes) this.#operations.inc({ ...labels, outcome: other }, 0);
    this.#operations.inc({ ...labels, outcome });
    this.#durations.observe({ ...labels, outcome }, durationMs / 1000);
    if (sizeBytes !== null) this.#sizes.observe({ ...labels, outcome }, sizeBytes);
  }

  /** Prometheus's text of what was counted, and of these. */
  text(figures: readonly Figure[]): Promise<string> {
    for (const gauge of this.#gauges.values()) gauge.reset();
    for (const { name, labels, value } of figures) this.#gauges.get(name)?.set(labels, value);
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  #histogram(name: keyof typeof histograms): Histogram {
    const { buckets } = histograms[name];
    return new Histogram({
      ...described(name, histograms),
      buckets: [...buckets],
      registers: [this.#registry],
    });
  }

  #known(cluster: string, database: string): string {
    const key = JSON.stringify([cluster, database]);
    if (!this.#databases.has(key) && this.#databases.size >= mostDatabases) return '';
    this.#databases.add(key);
    return database;
  }
}

function described<Name extends string>(
  name: Name,
  catalogue: Record<Name, { help: string; labels: readonly string[] }>,
) {
  const { help, labels } = catalogue[name];
  return { name, help, labelNames: [...labels] };
}
