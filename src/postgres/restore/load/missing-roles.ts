import type { ConnectionSettings } from '../../../config/config.js';
import { parseDatabaseAcl } from '../../../domain/acl.js';
import type { DatabaseProperties } from '../../../domain/backup/metadata.js';
import { HoldfastError } from '../../../domain/errors.js';
import { withMaintenanceConnection } from '../../connection/connection.js';
import { showName } from '../../quote.js';

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
 * dump of it needs on the server it is restored to.
 */
export const referencedRolesQuery = `
  SELECT DISTINCT pg_get_userbyid(s.refobjid) AS role FROM pg_shdepend s
  WHERE s.refclassid = 'pg_authid'::regclass
    AND s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY 1`;

/** The error that names missing roles before anything is loaded. */
export function roleMissing(attempted: string, roles: readonly string[]): HoldfastError {
  return new HoldfastError('RoleMissing', {
    attempted,
    cause: `the server has no ${showRoles(roles)}`,
    remedy: 'add --globals to have them created from the backup’s own roles, or create them',
  });
}

/** The error that names missing roles that the backup's globals do not know either. */
export function roleUnknown(attempted: string, roles: readonly string[]): HoldfastError {
  return new HoldfastError('RoleMissing', {
    attempted,
    cause: `neither the server nor the backup’s globals have the ${showRoles(roles)}`,
    remedy: 'create them by hand, then restore again',
  });
}

function showRoles(roles: readonly string[]): string {
  const shown = roles.slice(0, 20).map(showName).join(', ');
  const more = roles.length > 20 ? ` and ${roles.length - 20} more` : '';
  return `${roles.length === 1 ? 'role' : 'roles'} ${shown}${more}`;
}
