import type pg from 'pg';
import { HoldfastError } from '../../domain/errors.js';
import { sqlName } from '../../domain/sql-name.js';

/**
 * What helps where the role that connects acts as another, by `ALTER ROLE … SET role` or the like: what the role itself
 * is granted counts for nothing then. Undefined where it acts as itself.
 */
export async function actingRoleRemedy(client: pg.Client): Promise<string | undefined> {
  const query = 'SELECT session_user::text AS login, current_user::text AS acting';
  const { rows } = await client.query<{ login: string; acting: string }>(query);
  const [row] = rows;
  if (!row || row.login === row.acting) return undefined;
  const [login, acting] = [sqlName(row.login), sqlName(row.acting)];
  return `Sessions of ${login} act as ${acting} (ALTER ROLE ${login} SET role): grant ${acting} what is missing, or end that by ALTER ROLE ${login} RESET role.`;
}

/** The same error with what helps where `ask` finds that the role acts as another; anything else as it is. */
export async function withActingRole(
  error: unknown,
  ask: () => Promise<string | undefined>,
): Promise<unknown> {
  if (!(error instanceof HoldfastError) || !isRefusal(error.story.cause)) return error;
  const remedy = await ask().catch(() => undefined);
  return remedy === undefined
    ? error
    : new HoldfastError(error.type, { ...error.story, remedy }, { cause: error.cause });
}

function isRefusal(words: string): boolean {
  return /permission denied|must be (owner|superuser|member|able)|row-level security/.test(words);
}
