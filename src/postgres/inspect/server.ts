import type pg from 'pg';
import type { WalRate } from '../../domain/doctor/recommend-keep-size.js';
import { sqlName } from '../../domain/sql-name.js';

/** A server as far as a connection tells of it. */
export interface ServerSight {
  /** As `server_version` prints it: `15.13 (Debian 15.13-0+deb12u1)`. */
  version: string;
  major: number;
  /** Seconds that its clock is ahead of this machine's. */
  clockOffsetSeconds: number;
  /** WAL that it writes in a day; null where its statistics do not tell. */
  walBytesPerDay: WalRate['walBytesPerDay'];
  /** The line of pg_hba.conf that lets this role replicate from here. */
  hbaLine: string;
}

/** Statistics of less than this say nothing of a day. */
const leastSeconds = 3600;

const serverQuery = `
  SELECT current_setting('server_version') AS version,
         current_setting('server_version_num')::int / 10000 AS major,
         extract(epoch FROM clock_timestamp())::float8 AS now,
         session_user::text AS role,
         host(inet_client_addr()) AS address,
         (SELECT CASE WHEN extract(epoch FROM clock_timestamp() - stats_reset) >= ${leastSeconds}
                   THEN (wal_bytes / extract(epoch FROM clock_timestamp() - stats_reset) * 86400)::float8 END
          FROM pg_stat_wal) AS "walBytesPerDay"`;

interface ServerRow {
  version: string;
  major: number;
  now: number;
  role: string;
  address: string | null;
  walBytesPerDay: number | null;
}

/** Reads what the doctor must know of a server. */
export async function inspectServer(client: pg.Client): Promise<ServerSight> {
  const before = Date.now();
  const [row] = (await client.query<ServerRow>(serverQuery)).rows;
  if (!row) throw new Error('the server told nothing of itself');
  const middle = (before + Date.now()) / 2 / 1000;
  const { version, major, walBytesPerDay } = row;
  return { version, major, walBytesPerDay, clockOffsetSeconds: row.now - middle, hbaLine: hbaLine(row) };
}

function hbaLine({ role, address }: ServerRow): string {
  const user = sqlName(role);
  if (address === null) return `local  replication  ${user}  scram-sha-256`;
  return `host  replication  ${user}  ${address}/${address.includes(':') ? 128 : 32}  scram-sha-256`;
}
