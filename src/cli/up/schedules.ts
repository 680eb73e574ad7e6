import { setTimeout as delay } from 'node:timers/promises';
import type { ClusterConfig } from '../../config/config.js';
import { messageOf } from '../../domain/errors.js';
import { withMaintenanceConnection } from '../../postgres/connection/connection.js';
import { openRepository } from '../../repository/open-repository.js';
import type { TemporalPlace } from '../../temporal/connection.js';
import { nextRuns } from '../../temporal/next-runs.js';
import { applySchedules } from '../../temporal/schedules/apply.js';
import { ownerOf } from '../../temporal/schedules/read.js';
import type { CommandContext } from '../context.js';
import { moment, printable } from '../output/format.js';
import { tellSteps } from '../schedule/apply.js';

/** Makes Temporal's schedules those of the settings. */
export async function keepSchedules({ config, output }: CommandContext, { client }: TemporalPlace) {
  await applySchedules({ client, config, onPlan: (steps) => tellSteps(output, steps, false) });
}

/** Temporal lists what was just made a moment later. */
const listedWithinMs = 5_000;
const lookEveryMs = 250;

/** Tells what is next, where anything is, once no more schedules come to light. */
async function tellNext({ config, output }: CommandContext, { client }: TemporalPlace): Promise<void> {
  let listed = 0;
  for (
    const until = performance.now() + listedWithinMs;
    performance.now() < until;
    await delay(lookEveryMs)
  ) {
    const runs = await nextRuns(client, ownerOf(config));
    const [next] = runs;
    const isAll = runs.length === listed;
    listed = runs.length;
    if (next && isAll) {
      output.note(`next: ${printable(next.name)}, ${moment(next.at)}`);
      return;
    }
  }
}

/** Tells at once what would otherwise be found out at night: a server that can't be reached, a repository without backups. */
export async function tellFirstSteps(context: CommandContext, place: TemporalPlace): Promise<void> {
  const { config, output } = context;
  // What is told here is for convenience, and Temporal may go away meanwhile.
  void tellNext(context, place).catch(() => undefined);
  const here = Object.values(config.clusters).filter(({ host }) => host === config.host);
  await Promise.all(here.map((cluster) => tryServer(cluster, (words) => output.warn(words))));
  const backups = await Promise.all(here.map(countBackups));
  if (backups.every((count) => count === 0))
    output.note('there is no backup yet: `holdfast backup --all` in another terminal makes one now');
}

async function tryServer({ name, connection }: ClusterConfig, warn: (words: string) => void): Promise<void> {
  try {
    await withMaintenanceConnection(connection, (client) => client.query('SELECT'));
  } catch (error) {
    const cause = messageOf(error);
    warn(`backups of cluster ${name} will fail as long as this holds: ${cause}`);
  }
}

/** Of a repository that can't be read nothing is told here: its backups will. */
async function countBackups(cluster: ClusterConfig): Promise<number> {
  const listing = await openRepository(cluster)
    .listNewest()
    .catch(() => undefined);
  return listing ? listing.backups.length : 1;
}
