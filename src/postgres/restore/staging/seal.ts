import type pg from 'pg';
import type { ConnectionSettings } from '../../../config/config.js';
import { parseDatabaseAcl } from '../../../domain/acl.js';
import type { DatabaseProperties } from '../../../domain/backup/metadata.js';
import { quoteIdentifier, showName } from '../../quote.js';
import { withNeighbour } from '../swap/neighbour.js';
import { endSessions } from '../swap/sessions.js';
import { tryStatement } from '../swap/try-statement.js';
import type { StagingRef } from './apply-settings.js';

/**
 * Closes the staging database for everybody, superusers too, and gives it the backup's grants, connection limit and
 * template flag. What was proven can't be changed from here until the swap opens it under the target's name. Safe
 * to repeat.
 * @returns grants that could not be made
 * @throws HoldfastError as `withConnection`
 */
export async function sealStaging(
  settings: ConnectionSettings,
  { name, oid, target }: StagingRef,
  properties: Pick<DatabaseProperties, 'grants' | 'connection_limit' | 'is_template' | 'owner'>,
): Promise<string[]> {
  const database = quoteIdentifier(name);
  return await withNeighbour(settings, [name, target], async (client) => {
    await client.query("SET synchronous_commit = 'local'");
    await client.query(`ALTER DATABASE ${database} ALLOW_CONNECTIONS false`);
    await endSessions(client, [oid]);
    await client.query(
      `ALTER DATABASE ${database} CONNECTION LIMIT ${properties.connection_limit} IS_TEMPLATE ${properties.is_template}`,
    );
    const warnings: string[] = [];
    for (const grant of await grantsToMake(client, name, properties)) {
      const refusal = await tryStatement(client, grant.sql);
      if (refusal !== undefined)
        warnings.push(`the grant ${showName(grant.entry)} is not restored: ${refusal}`);
    }
    return warnings;
  });
}

/** Where the backup had the default privileges there is nothing to do, but to take our own REVOKE back. */
async function grantsToMake(
  client: pg.Client,
  name: string,
  properties: Pick<DatabaseProperties, 'grants' | 'owner'>,
): Promise<Grant[]> {
  if (properties.grants !== null) return grantStatements(name, properties.grants, properties.owner);
  const { rowCount } = await client.query(
    'SELECT FROM pg_database WHERE datname = $1 AND datacl IS NOT NULL',
    [name],
  );
  const sql = `GRANT CONNECT, TEMPORARY ON DATABASE ${quoteIdentifier(name)} TO PUBLIC`;
  return rowCount === 0 ? [] : [{ entry: 'default privileges', sql }];
}

interface Grant {
  /** As it stands in `datacl`. */
  entry: string;
  sql: string;
}

/** Statements, each whole by itself, that make a database's access control list what `grants` says. */
function grantStatements(database: string, grants: readonly string[], owner: string): Grant[] {
  const on = `ON DATABASE ${quoteIdentifier(database)}`;
  const revoke = `REVOKE ALL ${on} FROM PUBLIC, ${quoteIdentifier(owner)} CASCADE`;
  const byOwnerFirst = [...grants].sort(
    (a, b) => Number(parseDatabaseAcl(b)?.grantor === owner) - Number(parseDatabaseAcl(a)?.grantor === owner),
  );
  return [
    { entry: 'none but the following', sql: revoke },
    ...byOwnerFirst.map((entry) => ({ entry, sql: grantStatement(entry, on, owner) })),
  ];
}

function grantStatement(entry: string, on: string, owner: string): string {
  const parsed = parseDatabaseAcl(entry);
  if (!parsed) throw new Error(`not an entry of an access control list: ${entry}`);
  const grantee = parsed.grantee === null ? 'PUBLIC' : quoteIdentifier(parsed.grantee);
  const grants = parsed.privileges.map(
    ({ name, grantable }) => `GRANT ${name} ${on} TO ${grantee}${grantable ? ' WITH GRANT OPTION' : ''}`,
  );
  if (parsed.grantor === owner) return grants.join('; ');
  // Only the grantor can be the grantor, and `GRANTED BY` takes no other than the present role.
  return ['BEGIN', `SET LOCAL ROLE ${quoteIdentifier(parsed.grantor)}`, ...grants, 'COMMIT'].join('; ');
}
