import type { ConnectionSettings } from '../../../config/config.js';
import { parseMark } from '../../../domain/restore/database-mark.js';
import { withMaintenanceConnection } from '../../connection/connection.js';

/** A scratch database of a drill. */
export interface DrillDatabase {
  name: string;
  oid: number;
  /** The database whose backup is in it. */
  target: string;
  runId: string;
}

/**
 * The scratch databases on a server that belong to the drills of `of`.
 * @throws HoldfastError as `withMaintenanceConnection`
 */
export async function listDrillDatabases(settings: ConnectionSettings, of: string): Promise<DrillDatabase[]> {
  const { rows } = await withMaintenanceConnection(settings, (client) =>
    client.query<{ name: string; oid: number; comment: string | null }>(
      `SELECT datname AS name, oid, shobj_description(oid, 'pg_database') AS comment FROM pg_database
       ORDER BY datname COLLATE "C"`,
    ),
  );
  return rows.flatMap(({ name, oid, comment }) => {
    const mark = parseMark(comment);
    const isMeant = mark?.kind === 'drill' && mark.of === of;
    return isMeant ? [{ name, oid, target: mark.target, runId: mark.runId }] : [];
  });
}
