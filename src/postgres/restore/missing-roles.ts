import type { ConnectionSettings } from '../../config/config.js';
import { parseDatabaseAcl } from '../../domain/acl.js';
import type { DatabaseProperties } from '../../domain/backup.js';
import { HoldfastError } from '../../domain/errors.js';
import { withMaintenanceConnection } from '../connection.js';
import { showName } from '../quote.js';

/** Roles that a database's properties name: its owner, those with settings in it, and those its grants are about. */
export function rolesOfProperties({ owner, settings, grants }: DatabaseProperties): string[] {
  const roles = new Set([owner]);
  for (const { role } of settings) if (role !== null) roles.add(role);
  for (const entry of (grants ?? []).map(parseDatabaseAcl)) {
    if (entry?.grantee) roles.add(entry.grantee);
    if (entry) roles.add(entry.grantor);
  }
  return [...roles].sort();
}

/**
 * Which of the roles the server does not have.
 * @throws HoldfastError as `withConnection`
 */
export async function missingRoles(
  settings: ConnectionSettings,
  needed: readonly string[],
): Promise<string[]> {
  return await withMaintenanceConnection(settings, async (client) => {
    const { rows } = await client.query<{ role: string }>(
      `SELECT role FROM unnest($1::text[]) AS needed(role)
       WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) ORDER BY role COLLATE "C"`,
      [needed],
    );
    return rows.map(({ role }) => role);
  });
}

/**
 * Every role that owns something in `database` or has privileges or policies there, told by `pg_shdepend`: what a
 * dump of it needs on the server it is restored to. To be read when a backup is made.
 * @throws HoldfastError as `withConnection`
 */
export const referencedRolesQuery = `
  SELECT DISTINCT pg_get_userbyid(s.refobjid) AS role FROM pg_shdepend s
  WHERE s.refclassid = 'pg_authid'::regclass
    AND s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY 1`;

/** The error that names missing roles before anything is loaded. */
export function roleMissing(attempted: string, roles: readonly string[]): HoldfastError {
  return new HoldfastError('RoleMissing', {
    attempted,
    cause: `the server has no ${roles.length === 1 ? 'role' : 'roles'} ${roles.map(showName).join(', ')}`,
    remedy: 'Create them, or let them be created from the backup’s globals file.',
  });
}
