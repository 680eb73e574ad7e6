import type pg from 'pg';
import type { ConnectionSettings } from '../../../config/config.js';
import type { DatabaseProperties } from '../../../domain/backup/metadata.js';
import { parseSetting } from '../../../domain/setting-list.js';
import type { SessionOptions } from '../../connection/open-session.js';
import { quoteIdentifier, quoteLiteral, showName } from '../../quote.js';
import { withNeighbour } from '../swap/neighbour.js';
import { tryStatement } from '../swap/try-statement.js';

/** A staging database, and the target it is for. */
export interface StagingRef {
  name: string;
  oid: number;
  target: string;
}

/**
 * Gives the staging database the backup's settings, its own and those of roles in it. Before the load, as
 * `pg_dump --create` does: some, such as `lc_monetary`, decide how the data is read.
 * @returns what this server refuses to set, in its own words
 * @throws HoldfastError as `withConnection`
 */
export async function applySettings(
  settings: ConnectionSettings,
  { name, target }: StagingRef,
  properties: Pick<DatabaseProperties, 'settings'>,
  options: SessionOptions = {},
): Promise<string[]> {
  const apply = async (client: pg.Client) => {
    const warnings: string[] = [];
    for (const { role, setting } of properties.settings) {
      const statement = settingStatement(name, role, setting);
      const refusal =
        statement === undefined ? 'it is not name=value' : await tryStatement(client, statement);
      if (refusal !== undefined)
        warnings.push(`the setting ${showName(setting)} is not restored: ${refusal}`);
    }
    return warnings;
  };
  return await withNeighbour(settings, [name, target], apply, options);
}

/** `ALTER DATABASE … SET`, or `ALTER ROLE … IN DATABASE … SET`; undefined when `setting` is not `name=value`. */
function settingStatement(database: string, role: string | null, setting: string): string | undefined {
  const parsed = parseSetting(setting);
  if (!parsed) return undefined;
  const object =
    role === null
      ? `DATABASE ${quoteIdentifier(database)}`
      : `ROLE ${quoteIdentifier(role)} IN DATABASE ${quoteIdentifier(database)}`;
  return `ALTER ${object} SET ${quoteIdentifier(parsed.name)} TO ${parsed.values.map(quoteLiteral).join(', ')}`;
}
