import type { ConnectionSettings } from '../../../config/config.js';
import { withConnection } from '../../connection/connection.js';
import type { SessionOptions } from '../../connection/open-session.js';

/**
 * Gathers statistics of the whole database: without them the first queries after a swap would be planned blindly.
 * @throws HoldfastError as `withConnection`
 */
export async function analyzeDatabase(
  settings: ConnectionSettings,
  database: string,
  options: SessionOptions = {},
): Promise<void> {
  await withConnection(
    settings,
    database,
    async (client) => {
      await client.query('SET statement_timeout = 0; SET lock_timeout = 0');
      await client.query('ANALYZE');
    },
    options,
  );
}
