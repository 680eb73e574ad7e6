import { pingDeadMansSwitch } from '../alerting/dead-mans-switch.js';
import { Outbox } from '../alerting/outbox.js';
import { isUndelivered } from '../alerting/undelivered.js';
import type { ClusterConfig, Config } from '../config/config.js';
import { monitoringFolder } from './state-folder.js';

/**
 * Pings the dead man's switch, where there is one, after a look that found nothing critical; gives what went wrong. It
 * stands for all clusters: while the last look at another one found something critical, it is not pinged.
 */
export async function ping(
  { deadMansSwitch, clusters }: Pick<Config, 'deadMansSwitch' | 'clusters'>,
  cluster: ClusterConfig,
  stateDir: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (deadMansSwitch === undefined) return undefined;
  for (const other of Object.values(clusters)) {
    if (other.name === cluster.name) continue;
    const told = await Outbox.toldIn(await monitoringFolder(stateDir, other));
    if (Object.values(told).some(({ state }) => state === 'critical')) return undefined;
  }
  try {
    await pingDeadMansSwitch(deadMansSwitch, { signal, timeoutMs: 8_000 });
    return undefined;
  } catch (error) {
    if (isUndelivered(error)) return error.message;
    throw error;
  }
}
