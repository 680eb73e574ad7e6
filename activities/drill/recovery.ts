import { stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { cancellationSignal } from '@temporalio/activity';
import { formatTimestamp } from '../../src/domain/backup/names.js';
import { secondsSince } from '../../src/domain/durations.js';
import { HoldfastError } from '../../src/domain/errors.js';
import type { TablespaceWish } from '../../src/domain/recovery/contracts.js';
import type { RecoveryTarget } from '../../src/domain/recovery/target.js';
import { bytes, gb } from '../../src/domain/sizes.js';
import {
  makeScratchCluster,
  removeScratchCluster,
  scratchTablespace,
} from '../../src/postgres/recovery/scratch-cluster.js';
import { lookAtArchive } from '../../src/repository/look-at-archive.js';
import { planRecoveryFrom } from '../../src/repository/plan-recovery-from.js';
import { type ClusterStep, placesOf } from '../cluster-step.js';
import { type ActivityDeps, clusterOf } from '../deps.js';
import { drillFolder, drillOwner, loggedDrill } from './step.js';

/** Where a point in time is recovered for a drill. */
export interface ScratchPlace {
  /** Full path of the folder that goes afterwards. */
  folder: string;
  /** Full path. */
  dataDir: string;
  tablespaces: TablespaceWish[];
  backup: { id: string; takenAt: string; ageSeconds: number; sizeBytes: number; uncompressedBytes: number };
}

/** Steps of a drill that recovers a point in time. */
export function createDrillRecoveryActivities(deps: ActivityDeps) {
  return {
    /**
     * Makes a folder with room for the base backup that the target needs and its WAL; tells why where there is nothing to
     * recover.
     */
    async placeDrill(
      step: ClusterStep & { target: RecoveryTarget },
    ): Promise<ScratchPlace | { nothingBecause: string }> {
      return loggedDrill(deps, step, 'place', async () => {
        const places = placesOf(deps, step.cluster);
        const { cluster, layout } = places;
        const signal = cancellationSignal();
        const { bases } = await places.bases.list();
        if (!bases[0]) return { nothingBecause: 'there is no base backup' };
        // The end of all WAL is tried from the newest, whatever the archive lacks: what fails then is what is to be found.
        const base =
          step.target.kind === 'latest'
            ? bases[0]
            : (await planRecoveryFrom(places, { ...step, timeline: 'latest', signal })).base;
        const look = { layout, bases: [base], newest: base, timeline: 'latest', signal } as const;
        const { report } = await lookAtArchive(look);
        if (report.newest === null) return { nothingBecause: 'the archive has no WAL' };

        const parent = drillFolder(cluster);
        // WAL is unpacked a segment at a time; replay makes the cluster grow at most by what it replays.
        const neededBytes = base.uncompressedBytes + report.sizeBytes;
        const name = `${cluster.name}_${formatTimestamp(new Date(step.startedAt))}`;
        const account = await accountFor(parent, layout.wal);
        await requireDrillRoom(step.cluster, parent, neededBytes, cluster.minDiskSpaceGb * gb);
        const scratch = await makeScratchCluster(parent, name, drillOwner(cluster), account);
        return {
          ...scratch,
          tablespaces: base.tablespaces.map(({ name: from, oid }) => ({
            ...{ from, to: scratchTablespace(scratch, oid) },
          })),
          backup: {
            ...{ id: base.id, takenAt: base.stoppedAt, sizeBytes: base.sizeBytes },
            ageSeconds: secondsSince(base.stoppedAt),
            uncompressedBytes: base.uncompressedBytes,
          },
        };
      });
    },

    /** Removes that folder, whatever is in it. */
    async removeDrillFolder(step: ClusterStep & { folder: string }): Promise<void> {
      await loggedDrill(deps, step, 'remove folder', async () => {
        await removeScratchCluster(step.folder, drillOwner(clusterOf(deps, step.cluster)));
      });
    },
  };
}

/** Of root's drills: whoever owns the folder that was given, or the archive, which its server must be able to read. */
async function accountFor(parent: string, wal: string): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (const path of [parent, wal]) {
    const found = await stat(path).catch(() => undefined);
    if (found && found.uid !== 0) return { uid: found.uid, gid: found.gid };
  }
  return undefined;
}

async function requireDrillRoom(
  cluster: string,
  parent: string,
  neededBytes: number,
  reserveBytes: number,
): Promise<void> {
  // It is made when it is known to have room.
  const { bavail, bsize } = await statfs(parent).catch(() => statfs(dirname(parent)));
  const freeBytes = bavail * bsize;
  if (freeBytes >= neededBytes + reserveBytes) return;
  const kept = reserveBytes > 0 ? `, of which ${bytes(reserveBytes)} stay free (minDiskSpaceGb)` : '';
  throw new HoldfastError('NotEnoughSpace', {
    attempted: `recover cluster "${cluster}" for a drill in ${parent}`,
    cause: `the base backup and its WAL need ${bytes(neededBytes)} (${neededBytes} bytes), and ${bytes(freeBytes)} (${freeBytes} bytes) are free there${kept}`,
    remedy: 'free space there, or name a folder on a larger disk (drill.folder in holdfast.yaml)',
  });
}
