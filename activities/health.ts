import { cancellationSignal } from '@temporalio/activity';
import { channelsOf } from '../src/alerting/channels.js';
import { deliver } from '../src/alerting/deliver.js';
import { stateDirectory } from '../src/config/directories.js';
import type { Delivery, Rereading } from '../src/domain/health/contracts.js';
import type { HealthFacts } from '../src/domain/health/facts.js';
import type { TellableFinding } from '../src/domain/health/report.js';
import { createLogger } from '../src/log.js';
import { type GatheredFacts, gatherAll, pageOf } from '../src/monitoring/gather-facts.js';
import { ping } from '../src/monitoring/ping.js';
import { rereadOwed } from '../src/monitoring/reread-owed.js';
import { monitoringFolder } from '../src/monitoring/state-folder.js';
import { tellFindings } from '../src/monitoring/tell-findings.js';
import { type ActivityDeps, clusterOf, runOf } from './deps.js';
import { beatWithProgress } from './heartbeat/progress.js';
import { requirePlace } from './place.js';

/** What every step of a look at a cluster's backups is about. */
export interface HealthStep {
  cluster: string;
  /** Fingerprint of the server and repository that is meant; absent where only the worker's settings count. */
  place?: string;
}

/** Databases whose facts go into one message. */
const pageSize = 50;

/** Steps of a look. They write no log of the operation: where the repository is missing, they must not make it. */
export function createHealthActivities(deps: ActivityDeps) {
  const { config, stateDir = stateDirectory() } = deps;
  const log = createLogger(deps.logOptions);
  const clusterFor = ({ cluster: name, place }: HealthStep) => {
    const cluster = clusterOf(deps, name);
    requirePlace('look at the backups of', cluster, place);
    return cluster;
  };
  const looks = new Map<string, { runId: string; gathered: GatheredFacts }>();
  return {
    /**
     * What there is to know of the cluster and a page of its databases. What the first page's look found is kept for the
     * next ones of the same run; where another worker took that one, there is another look.
     */
    async gatherHealth({ after, ...step }: HealthStep & { after: string | null }): Promise<HealthFacts> {
      const cluster = clusterFor(step);
      const { runId } = runOf();
      const kept = looks.get(cluster.name);
      looks.delete(cluster.name);
      const gathered =
        after !== null && kept?.runId === runId
          ? kept.gathered
          : await gatherAll({
              ...{ cluster, host: config.host, stateDir, withServer: true, now: new Date() },
              signal: cancellationSignal(),
            });
      const page = pageOf(gathered, after, pageSize);
      if (page.next !== null) looks.set(cluster.name, { runId, gathered });
      return page;
    },

    /** Puts what has changed into the outbox of this host. Gives how many alerts that were. */
    async tellHealth({ findings, ...step }: HealthStep & { findings: TellableFinding[] }): Promise<number> {
      const cluster = clusterFor(step);
      const folder = await monitoringFolder(stateDir, cluster);
      const reminderHours = cluster.alertReminderHours;
      const told = await tellFindings({ config, folder, findings, reminderHours, now: new Date() });
      for (const { message, isCritical } of told) log[isCritical ? 'error' : 'info'](message);
      return told.length;
    },

    /** Reads again what is owed; beats with every portion. */
    async rereadBackups(step: HealthStep): Promise<Rereading> {
      const beat = beatWithProgress();
      const found = await rereadOwed(clusterFor(step), cancellationSignal(), { onProgress: beat.stored });
      if (found.backups > 0) log.info(found, `re-read ${found.backups} backups of ${step.cluster}`);
      return found;
    },

    /** Delivers what waits in the outbox, and pings the dead man's switch after a look that found nothing critical. */
    async deliverAlerts({ isGood, ...step }: HealthStep & { isGood: boolean }): Promise<Delivery> {
      const cluster = clusterFor(step);
      const folder = await monitoringFolder(stateDir, cluster);
      const signal = cancellationSignal();
      const delivery = await deliver({ folder, channels: channelsOf(config), signal });
      const problem = isGood ? await ping(config, cluster, stateDir, signal) : undefined;
      const problems = problem === undefined ? delivery.problems : [...delivery.problems, problem];
      for (const each of problems) log.warn(each);
      return { ...delivery, problems };
    },
  };
}
