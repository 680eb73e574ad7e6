import { expect, test } from 'vitest';
import { switchSegment } from '../../../src/postgres/archiving/switch-segment.js';
import { withMaintenanceConnection } from '../../../src/postgres/connection/connection.js';
import { startCluster } from '../../support/cluster.js';

/** So that the server itself writes nothing. */
const settings = { wal_level: 'minimal', max_wal_senders: '0', autovacuum: 'off' };

test.for([15, 17, 18] as const)(
  'the last segment that is complete is named, also where nothing was written since (PostgreSQL %d)',
  async (version) => {
    await using cluster = await startCluster({ version, settings });
    const connection = { host: cluster.socketDir, port: cluster.port, user: cluster.user };
    const complete = await withMaintenanceConnection(connection, async (client) => {
      const current = await cluster.psql('SELECT pg_walfile_name(pg_current_wal_insert_lsn())');
      const switched = await switchSegment(client);
      return { current, switched, again: await switchSegment(client) };
    });
    expect(complete).toEqual({
      current: complete.current,
      switched: complete.current,
      again: complete.current,
    });
  },
);
