import type pg from 'pg';
import { HoldfastError } from '../../../domain/errors.js';
import { formatMark, parseMark } from '../../../domain/restore/database-mark.js';
import { quoteIdentifier, quoteLiteral, showName } from '../../quote.js';
import type { ExchangeOrder } from './exchange-order.js';
import { outcomeOf, type Place, placeOf, placesQuery, readPlaces, showPlaces } from './exchange-places.js';
import { failpoint } from './failpoint.js';

/**
 * Has both databases refuse new connections: also the incoming one, into which nobody may slip between its proof
 * and its new name. They are altered by name and checked by oid before the commit, so that a stranger that took the
 * name meanwhile keeps his connections.
 * @returns where the databases were
 * @throws HoldfastError SwapRefused, inside an open transaction
 */
export async function refuseConnections(client: pg.Client, order: ExchangeOrder): Promise<Place[]> {
  const { name, present, incoming } = order;
  const refuse = (database: string) => `ALTER DATABASE ${quoteIdentifier(database)} ALLOW_CONNECTIONS false`;
  await client.query(['BEGIN', ...(present ? [refuse(name)] : []), refuse(incoming.name)].join('; '));
  const places = await readPlaces(client, order);
  if (outcomeOf(places, order) !== 'undone' || places.some((place) => place.allowsConnections))
    throw refused(order, showPlaces(places, order));
  failpoint('swap:refusing');
  await client.query('COMMIT');
  return places;
}

/**
 * Renames both databases in one transaction, moves comments and marks along, and opens the one with the new name.
 * In three messages, because clients are refused for the time of each way to the server and back.
 * @throws an error of node-postgres, or HoldfastError SwapRefused, inside an open transaction
 */
export async function renameDatabases(
  client: pg.Client,
  order: ExchangeOrder,
  before: Place[],
): Promise<void> {
  await client.query(["BEGIN; SET LOCAL lock_timeout = '1s'", ...putAside(order, before)].join('; '));
  failpoint('swap:after-first-rename');
  const results = await client.query([...bringIn(order, before), placesQuery(order)].join('; '));
  const places: Place[] = (results as unknown as pg.QueryResult<Place>[]).at(-1)?.rows ?? [];
  if (outcomeOf(places, order) !== 'done') throw refused(order, showPlaces(places, order));
  failpoint('swap:after-second-rename');
  await client.query('COMMIT');
  failpoint('swap:after-commit');
}

function putAside({ name, runId, present }: ExchangeOrder, before: Place[]): string[] {
  if (!present) return [];
  const { oid, awayName, awayMark } = present;
  const away = quoteIdentifier(awayName);
  const comment = placeOf(before, oid)?.comment ?? null;
  const mark = formatMark({ kind: awayMark, target: name, runId, comment });
  return [
    `ALTER DATABASE ${quoteIdentifier(name)} RENAME TO ${away}`,
    `COMMENT ON DATABASE ${away} IS ${quoteLiteral(mark)}`,
  ];
}

function bringIn({ name, incoming }: ExchangeOrder, before: Place[]): string[] {
  const kept = parseMark(placeOf(before, incoming.oid)?.comment)?.comment ?? null;
  const comment = incoming.comment === undefined ? kept : incoming.comment;
  const database = quoteIdentifier(name);
  return [
    `ALTER DATABASE ${quoteIdentifier(incoming.name)} RENAME TO ${database}`,
    `COMMENT ON DATABASE ${database} IS ${comment === null ? 'NULL' : quoteLiteral(comment)}`,
    `ALTER DATABASE ${database} ALLOW_CONNECTIONS true`,
  ];
}

/** What an exchange attempts, in words. */
export function attemptOf({ name, incoming }: ExchangeOrder): string {
  return `give the name ${showName(name)} to database ${showName(incoming.name)}`;
}

/** The exchange can't be done, and nothing of it was. */
export function refused(order: ExchangeOrder, cause: string): HoldfastError {
  return new HoldfastError('SwapRefused', {
    attempted: attemptOf(order),
    cause,
    remedy: 'Nothing was changed. Remove the cause, then try again.',
  });
}
