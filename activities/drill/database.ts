import { formatTimestamp } from '../../src/domain/backup/names.js';
import { HoldfastError } from '../../src/domain/errors.js';
import { restoreName } from '../../src/domain/restore/names.js';
import { isTooLittle, type RestoreSpace } from '../../src/domain/restore/space.js';
import { bytes, gb } from '../../src/domain/sizes.js';
import { showName } from '../../src/postgres/quote.js';
import { listDrillDatabases } from '../../src/postgres/restore/staging/drill-databases.js';
import { readRestoreSpace } from '../../src/postgres/restore/staging/space.js';
import { dropMarkedDatabase } from '../../src/postgres/restore/swap/drop-database.js';
import { readTargetState } from '../../src/postgres/restore/swap/target-state.js';
import { type ActivityDeps, runOf } from '../deps.js';
import { refuseOldServer, requirePsql } from '../restore/refuse-restore.js';
import { loggedRestore, type RestoreStepInput, serverFor, sourceOf } from '../restore/step.js';
import { type NeedsStep, refuseLacking } from '../roles.js';

/** What a drill found out about the server it restores on. */
export interface InspectedScratch {
  /** For the scratch database: nothing else has it. */
  stagingName: string;
  rolesToCreate: string[];
  space: RestoreSpace;
}

/** Steps of a drill that a restore has otherwise. */
export function createDrillDatabaseActivities(deps: ActivityDeps) {
  return {
    /** Looks whether the server can take the backup, and leaves it the room that its own settings want free. */
    async inspectScratch(step: NeedsStep): Promise<InspectedScratch> {
      return loggedRestore(deps, step, 'inspect', async () => {
        const server = serverFor(deps, step);
        const { metadata } = await sourceOf(deps, step);
        const attempted = `drill database ${showName(step.target)} on cluster "${server.name}"`;
        const state = await readTargetState(server.connection, step.target);
        refuseOldServer(attempted, metadata?.pg_version, state.serverMajor, state.serverVersion);
        await requirePsql(deps, state.serverMajor, attempted);
        const space = await readRestoreSpace(server.connection, metadata);
        const reserveBytes = server.minDiskSpaceGb * gb;
        if (isTooLittle(space, -reserveBytes)) throw noRoom(attempted, space, reserveBytes);
        const rolesToCreate = await refuseLacking(deps, step, attempted).catch((error: unknown) => {
          throw inDrillWords(error);
        });
        const timestamp = formatTimestamp(new Date(step.startedAt));
        return {
          stagingName: restoreName(step.target, 'drill', timestamp, state.names),
          rolesToCreate,
          space,
        };
      });
    },

    /** Drops what this drill has made for the database. */
    async dropScratch(step: RestoreStepInput): Promise<string[]> {
      return loggedRestore(deps, step, 'drop', async () => {
        const { connection } = serverFor(deps, step);
        const { runId } = runOf();
        const { target, drill } = step;
        const all = drill ? await listDrillDatabases(connection, drill.of) : [];
        const mine = all.filter((each) => each.runId === runId && each.target === target);
        for (const { name, oid } of mine)
          await dropMarkedDatabase(connection, { name, oid, mark: 'drill', target });
        return mine.map(({ name }) => name);
      });
    },
  };
}

function noRoom(
  attempted: string,
  { neededBytes, freeBytes }: RestoreSpace,
  reserveBytes: number,
): HoldfastError {
  const needed = neededBytes ?? 0;
  const kept = reserveBytes > 0 ? `, of which ${bytes(reserveBytes)} stay free (minDiskSpaceGb)` : '';
  return new HoldfastError('NotEnoughSpace', {
    attempted,
    cause: `the scratch database needs ${bytes(needed)} (${needed} bytes) on the server’s disk, and ${bytes(freeBytes ?? 0)} (${freeBytes} bytes) are free${kept}`,
    remedy: 'free space there, or have drills made on another server (drill.on in holdfast.yaml)',
  });
}

/** The remedy of a restore is an option that a drill has not. */
function inDrillWords(error: unknown): unknown {
  if (!(error instanceof HoldfastError) || error.type !== 'RoleMissing') return error;
  const remedy =
    'create them there, or set drill.globals in holdfast.yaml to have them created from the backup';
  return new HoldfastError(error.type, { ...error.story, remedy }, { cause: error });
}
