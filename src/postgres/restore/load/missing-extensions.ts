import type { ConnectionSettings } from '../../../config/config.js';
import type { DatabaseProperties } from '../../../domain/backup/metadata.js';
import { HoldfastError } from '../../../domain/errors.js';
import { withMaintenanceConnection } from '../../connection/connection.js';
import { showName } from '../../quote.js';

/**
 * Which of the backup's extensions are not installed on the server's machine. Their versions don't count: a dump
 * creates each extension in the version that the server has.
 * @throws HoldfastError as `withConnection`
 */
export async function missingExtensions(
  settings: ConnectionSettings,
  extensions: readonly Pick<DatabaseProperties['extensions'][number], 'name'>[],
): Promise<string[]> {
  return await withMaintenanceConnection(settings, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT name FROM unnest($1::text[]) AS needed(name)
       WHERE name NOT IN (SELECT name FROM pg_available_extensions) ORDER BY name COLLATE "C"`,
      [extensions.map(({ name }) => name)],
    );
    return rows.map(({ name }) => name);
  });
}

/** The error that names missing extensions before anything is loaded. */
export function extensionMissing(attempted: string, names: readonly string[]): HoldfastError {
  return new HoldfastError('ExtensionMissing', {
    attempted,
    cause: `the server has not the ${names.length === 1 ? 'extension' : 'extensions'} ${names.map(showName).join(', ')}`,
    remedy: 'Install their packages on the server’s machine.',
  });
}
