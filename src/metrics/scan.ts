import type { ClusterConfig, Config } from '../config/config.js';
import { messageOf } from '../domain/errors.js';
import type { HealthFacts } from '../domain/health/facts.js';
import type { Figure } from '../domain/metrics/catalogue.js';
import { drillFigures } from '../domain/metrics/drill-figures.js';
import { repositoryFigures, settingFigures } from '../domain/metrics/repository-figures.js';
import { gatherFacts } from '../monitoring/gather-facts.js';
import { lastEnds } from '../monitoring/last-ends.js';
import { readDrills } from '../repository/drill-memory.js';
import type { RememberedBackups } from '../repository/survey/survey-memory.js';
import { Refreshed, type RefreshOptions } from './refreshed.js';

export interface ScanOptions extends Partial<RefreshOptions> {
  config: Config;
  stateDir: string;
  /** Told what kept a cluster from being looked at. */
  onProblem: (message: string) => void;
}

/** A look takes a tenth of the time at most. */
const usual: RefreshOptions = { freshMs: 10_000, pausesPerLook: 9, patienceMs: 5_000 };

/**
 * Looks at the repositories of this host for whoever asks. A disk that hangs keeps nobody waiting: what was found before is
 * told then, with the time of that look.
 */
export class RepositoryScan {
  readonly #clusters: ClusterConfig[];
  readonly #facts = new Map<string, HealthFacts>();
  readonly #drills = new Map<string, Figure[]>();
  readonly #remembered = new Map<string, RememberedBackups>();
  readonly #looks: Refreshed<void>;

  constructor(private readonly options: ScanOptions) {
    const { config } = options;
    this.#clusters = Object.values(config.clusters).filter(({ host }) => host === config.host);
    this.#looks = new Refreshed(() => this.#lookAtAll(), { ...usual, ...options });
  }

  /** What is known by now. */
  async figures(): Promise<Figure[]> {
    await this.#looks.get();
    const now = new Date();
    return this.#clusters.flatMap((cluster) => {
      const facts = this.#facts.get(cluster.name);
      const known = facts ? repositoryFigures(facts, now) : [];
      return [...settingFigures(cluster.name, cluster), ...known, ...(this.#drills.get(cluster.name) ?? [])];
    });
  }

  async #lookAtAll(): Promise<void> {
    for (const cluster of this.#clusters) await this.#lookAt(cluster);
  }

  async #lookAt(cluster: ClusterConfig): Promise<void> {
    const { config, stateDir, onProblem } = this.options;
    const remembered = this.#remembered.get(cluster.name) ?? new Map();
    this.#remembered.set(cluster.name, remembered);
    try {
      const facts = await gatherFacts({
        ...{ cluster, host: config.host, stateDir, withServer: false, now: new Date(), remembered },
        ...{ after: null, limit: Number.POSITIVE_INFINITY, signal: new AbortController().signal },
      });
      this.#facts.set(cluster.name, facts);
      const drills = await readDrills(cluster.repositoryPath);
      this.#drills.set(cluster.name, drillFigures(cluster.name, drills));
    } catch (error) {
      onProblem(`metrics of cluster ${cluster.name}: ${messageOf(error)}`);
    }
  }
}

/** How the operations of each cluster last ended, also those that commands of this host ran. */
export async function operationFigures({
  config,
  stateDir,
}: Pick<ScanOptions, 'config' | 'stateDir'>): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const cluster of Object.values(config.clusters)) {
    for (const { operation, database, ends } of await lastEnds(stateDir, cluster)) {
      for (const [outcome, at] of Object.entries(ends))
        figures.push({
          name: 'holdfast_operation_last_end_timestamp_seconds',
          labels: { cluster: cluster.name, database, operation, outcome },
          value: Date.parse(at) / 1000,
        });
    }
  }
  return figures;
}
