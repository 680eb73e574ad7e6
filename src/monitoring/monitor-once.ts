import { channelsOf } from '../alerting/channels.js';
import { deliver } from '../alerting/deliver.js';
import type { ClusterConfig, Config } from '../config/config.js';
import { HoldfastError } from '../domain/errors.js';
import type { Delivery, MonitorResult, Rereading } from '../domain/health/contracts.js';
import { judge } from '../domain/health/judge.js';
import { HealthReport } from '../domain/health/report.js';
import { gatherFacts } from './gather-facts.js';
import { ping } from './ping.js';
import { rereadOwed } from './reread-owed.js';
import { monitoringFolder } from './state-folder.js';
import { tellFindings } from './tell-findings.js';

export interface MonitorOptions {
  config: Config;
  cluster: ClusterConfig;
  stateDir: string;
  /** Whether PostgreSQL is asked, too. */
  withServer: boolean;
  /** Look only. @defaultValue false */
  withoutReread?: boolean;
  signal: AbortSignal;
  /** Told what is done. */
  onStep?: (words: string) => void;
  /** @defaultValue this machine's clock */
  clock?: () => Date;
}

const machineClock = () => new Date();

/** One look at a cluster's backups by this process alone, the same that the workflow takes: it needs no Temporal. */
export async function monitorOnce(options: MonitorOptions): Promise<MonitorResult> {
  const { cluster, onStep = () => {} } = options;
  onStep('looking');
  let look = await lookAndTell(options);
  onStep('re-reading backups');
  const { outcome, warnings } = await tryRereading(options);
  if (outcome.changed > 0) look = await lookAndTell(options);
  onStep('delivering alerts');
  const delivery = await deliverAll(options, look.report.isGood);
  const { counts, findings, findingCount } = look.report;
  return {
    ...{ cluster: cluster.name, observedAt: look.observedAt, counts, findings, findingCount },
    ...{ reread: outcome, delivery, warnings: [...look.warnings, ...warnings] },
  };
}

async function lookAndTell(options: MonitorOptions) {
  const { config, cluster, stateDir, withServer, signal, clock = machineClock } = options;
  const now = clock();
  const facts = await gatherFacts({
    ...{ cluster, host: config.host, stateDir, withServer, now, signal },
    ...{ after: null, limit: Number.POSITIVE_INFINITY },
  });
  const findings = judge(facts);
  const report = new HealthReport();
  report.add(findings);
  const folder = await monitoringFolder(stateDir, cluster);
  await tellFindings({ config, folder, findings, reminderHours: cluster.alertReminderHours, now });
  const unasked = facts.serverUnknownBecause;
  const warnings = unasked === '' ? [] : [`the server could not be asked: ${unasked}`];
  return { report, observedAt: facts.observedAt, warnings };
}

const none: Rereading = { backups: 0, bytes: 0, damaged: 0, changed: 0 };

/** A re-reading that fails says nothing of what was found before it. */
async function tryRereading(options: MonitorOptions): Promise<{
  outcome: Rereading;
  warnings: string[];
}> {
  const { cluster, signal, withoutReread = false, clock = machineClock } = options;
  if (withoutReread) return { outcome: none, warnings: [] };
  try {
    return { outcome: await rereadOwed(cluster, signal, { now: clock() }), warnings: [] };
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.type === 'Cancelled') throw error;
    return { outcome: none, warnings: [`backups could not be re-read: ${error.message}`] };
  }
}

async function deliverAll(
  { config, cluster, stateDir, signal }: MonitorOptions,
  isGood: boolean,
): Promise<Delivery> {
  const folder = await monitoringFolder(stateDir, cluster);
  const delivery = await deliver({ folder, channels: channelsOf(config), signal });
  const problem = isGood ? await ping(config, cluster, stateDir, signal) : undefined;
  return problem === undefined ? delivery : { ...delivery, problems: [...delivery.problems, problem] };
}
