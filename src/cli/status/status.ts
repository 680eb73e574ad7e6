import { HoldfastError, messageOf } from '../../domain/errors.js';
import { newestDrills } from '../../repository/newest-drills.js';
import { newestRecoverable } from '../../repository/newest-recoverable.js';
import { openRepository } from '../../repository/open-repository.js';
import { claimantOf } from '../../temporal/embedded/claim.js';
import { locateRunning } from '../../temporal/locate.js';
import { ownerOf } from '../../temporal/schedules/read.js';
import type { CommandContext } from '../context.js';
import type { StoredStatus } from './stored.js';
import { type Status, tellStatus } from './telling.js';

/** `holdfast status`: what runs, what waits for people, what is next, how things last ended. */
export async function statusCommand(context: CommandContext): Promise<number> {
  const { output } = context;
  const [repository, temporal, up] = await Promise.all([
    lookIntoRepository(context),
    lookAtTemporal(context),
    claimantOf(context.temporalOptions.stateDir),
  ]);
  const status: Status = { ...temporal, up: up ?? null, ...repository };
  if (output.json) output.printJson(status);
  else tellStatus(context, status);
  return 0;
}

async function lookIntoRepository({ config }: CommandContext): Promise<StoredStatus> {
  const found: StoredStatus = { backups: [], recoverable: [], drills: [], broken: [] };
  for (const cluster of Object.values(config.clusters)) {
    try {
      const { backups, broken } = await openRepository(cluster).listNewest();
      found.backups.push(...backups);
      found.broken.push(...broken);
      found.drills.push(...(await newestDrills(cluster.repositoryPath, cluster.name)));
      const newest = await newestRecoverable(cluster.repositoryPath, cluster.name);
      if (newest) found.recoverable.push(newest);
      else if (cluster.schedules.wal.enabled === true)
        found.recoverable.push({ cluster: cluster.name, base: null, walTo: null, hasGap: false });
    } catch (error) {
      // One that can't be read keeps nobody from seeing the others, and what runs.
      if (!(error instanceof HoldfastError)) throw error;
      found.broken.push({ file: cluster.repositoryPath, why: error.story.cause });
    }
  }
  return found;
}

type TemporalStatus = Pick<Status, 'temporal' | 'temporalNote' | 'work'>;

/** Nothing is started: a look changes nothing. */
async function lookAtTemporal({ config, temporalOptions }: CommandContext): Promise<TemporalStatus> {
  const without = (temporalNote: string) => ({ temporal: null, temporalNote, work: null });
  try {
    const location = await locateRunning(temporalOptions);
    if (!location) return without('no Temporal runs: `holdfast up` starts one');
    const { findTemporal } = await import('../../temporal/connection.js');
    const { lookAtWork } = await import('./work.js');
    const begun = { location: Promise.resolve(location), startedServer: false };
    const place = await findTemporal({ ...temporalOptions, begun, lasting: true });
    try {
      const { address, uiAddress = null, source } = place;
      return {
        temporal: { address, uiAddress, source },
        temporalNote: null,
        work: await lookAtWork(place, ownerOf(config)),
      };
    } finally {
      await place.close();
    }
  } catch (error) {
    return without(messageOf(error));
  }
}
