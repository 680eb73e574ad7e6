import type pg from 'pg';
import type { ConnectionSettings } from '../../../config/config.js';
import { type MissingRolesPlan, planMissingRoles } from '../../../domain/backup/globals.js';
import { HoldfastError } from '../../../domain/errors.js';
import { withMaintenanceConnection } from '../../connection/connection.js';
import { reportedError } from '../../connection/error.js';
import { showName } from '../../quote.js';

/** What was done about missing roles. */
export type AppliedRoles = Omit<MissingRolesPlan, 'statements'>;

/**
 * Creates those of the needed roles that the server lacks from the text of a globals file, with their attributes,
 * settings, password hashes and memberships; all of them or none. Roles that exist are never altered.
 * @throws HoldfastError GeneralError when the server refuses a role, and as `withConnection`
 */
export async function applyMissingRoles(
  settings: ConnectionSettings,
  globals: string,
  needed: readonly string[],
): Promise<AppliedRoles> {
  const apply = async (client: pg.Client) => {
    const { statements, ...applied } = planMissingRoles(globals, needed, await existingRoles(client));
    await runAll(client, statements, applied.created);
    return applied;
  };
  return await withMaintenanceConnection(settings, apply, { writes: true });
}

/**
 * What {@link applyMissingRoles} would do; nothing is changed.
 * @throws HoldfastError as `withConnection`
 */
export async function planRoles(
  settings: ConnectionSettings,
  globals: string,
  needed: readonly string[],
): Promise<AppliedRoles> {
  return await withMaintenanceConnection(settings, async (client) => {
    const { statements: _, ...plan } = planMissingRoles(globals, needed, await existingRoles(client));
    return plan;
  });
}

async function existingRoles(client: pg.Client): Promise<Set<string>> {
  const { rows } = await client.query<{ rolname: string }>('SELECT rolname FROM pg_roles');
  return new Set(rows.map(({ rolname }) => rolname));
}

async function runAll(client: pg.Client, statements: string[], roles: string[]): Promise<void> {
  if (statements.length === 0) return;
  await client.query('BEGIN');
  for (const statement of statements) {
    await client.query(statement).catch(async (error: unknown) => {
      await client.query('ROLLBACK');
      throw refused(roles, error);
    });
  }
  await client.query('COMMIT');
}

/** Without the statement, which may hold a password's hash, and without the error's own position in it. */
function refused(roles: string[], error: unknown): unknown {
  const { code, words } = reportedError(error);
  if (!/^[0-9A-Z]{5}$/.test(code)) return error;
  return new HoldfastError('RoleMissing', {
    attempted: `create the missing roles ${roles.map(showName).join(', ')}`,
    cause: words,
    remedy: 'Create them by hand, then restore again.',
  });
}
