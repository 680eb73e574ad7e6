import type { ConnectionSettings } from '../../config/config.js';
import { HoldfastError } from '../../domain/errors.js';
import { withConnection } from '../connection/connection.js';
import { showName } from '../quote.js';

interface Holder {
  relation: string;
  /** Null: it is a prepared transaction. */
  pid: number | null;
  role: string | null;
  application: string | null;
  state: string | null;
  seconds: number | null;
  prepared: string | null;
}

/** Only ACCESS EXCLUSIVE stands against reading. What a session asks is its own: it may hold data. */
const holdersQuery = `
  SELECT c.oid::regclass::text AS relation, l.pid, a.usename AS role, a.application_name AS application, a.state,
         extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, p.prepared))::int AS seconds, p.gid AS prepared
  FROM pg_locks l
  JOIN pg_class c ON c.oid = l.relation AND c.relkind NOT IN ('i', 'I', 't')
  LEFT JOIN pg_stat_activity a ON a.pid = l.pid
  LEFT JOIN pg_locks x ON l.pid IS NULL AND x.pid IS NULL AND x.locktype = 'transactionid'
    AND x.virtualtransaction = l.virtualtransaction
  LEFT JOIN pg_prepared_xacts p ON p.transaction = x.transactionid
  WHERE l.locktype = 'relation' AND l.granted AND l.mode = 'AccessExclusiveLock'
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  ORDER BY seconds DESC NULLS LAST, relation LIMIT 3`;

/** The error of a dump that waited for a lock in vain, with who holds it; as it was where nobody does any more. */
export async function namingLockHolders(
  error: HoldfastError,
  settings: ConnectionSettings,
  database: string,
): Promise<HoldfastError> {
  const ask = withConnection(settings, database, async (client) => {
    const { rows } = await client.query<Holder>(holdersQuery);
    return rows;
  });
  // It only adds to what is known; a server that does not answer is the next attempt's matter.
  const holders = await ask.catch(() => []);
  if (holders.length === 0) return error;
  const { attempted, cause } = error.story;
  return new HoldfastError(
    error.type,
    { attempted, cause: `${cause}; ${holders.map(inWords).join('; ')}`, remedy: remedyFor(holders) },
    { cause: error },
  );
}

function inWords({ relation, pid, role, application, state, seconds, prepared }: Holder): string {
  const since = seconds === null ? '' : `, its transaction begun ${seconds} s ago`;
  if (pid === null)
    return `${relation} is locked by the prepared transaction ${showName(prepared ?? '')}${since}`;
  const details = [application, state].filter(Boolean).join(', ');
  const who = `session ${pid} of role ${showName(role ?? '')}${details && ` (${details})`}`;
  return `${relation} is locked by ${who}${since}`;
}

function remedyFor(holders: readonly Holder[]): string {
  const pids = new Set(holders.flatMap(({ pid }) => (pid === null ? [] : [pid])));
  const ends = [...pids].map((pid) => `SELECT pg_terminate_backend(${pid})`);
  if (holders.some(({ pid }) => pid === null)) ends.push('COMMIT PREPARED or ROLLBACK PREPARED');
  return `Wait for it, or end it: ${ends.join('; ')}.`;
}
