import type pg from 'pg';
import { quoteLiteral, showName } from '../../quote.js';
import { type ExchangeOrder, namesOf, oidsOf } from './exchange-order.js';

/** Where one database of an exchange is. */
export interface Place {
  oid: number;
  name: string;
  allowsConnections: boolean;
  isTemplate: boolean;
  /** A DROP DATABASE of it was cut short: it can only be dropped (PostgreSQL manual, "pg_database", datconnlimit). */
  isInvalid: boolean;
  comment: string | null;
}

/** `done`: the incoming database has the name; `undone`: everything is where it was. */
export type ExchangeOutcome = 'done' | 'undone';

/** The databases of the exchange by their oids, and whichever has a name that the exchange needs. */
export async function readPlaces(client: pg.Client, order: ExchangeOrder): Promise<Place[]> {
  return (await client.query<Place>(placesQuery(order))).rows;
}

/** {@link readPlaces} as text, to be sent together with other statements. */
export function placesQuery(order: ExchangeOrder): string {
  return `SELECT oid, datname AS name, datallowconn AS "allowsConnections",
                 datistemplate AS "isTemplate", datconnlimit = -2 AS "isInvalid", shobj_description(oid, 'pg_database') AS comment
          FROM pg_database
          WHERE oid IN (${oidsOf(order).join(', ')}) OR datname IN (${namesOf(order).map(quoteLiteral).join(', ')})`;
}

/** Which whole state the places are; undefined for neither. */
export function outcomeOf(places: readonly Place[], order: ExchangeOrder): ExchangeOutcome | undefined {
  const { present, incoming, name } = order;
  const presentName = placeOf(places, present?.oid)?.name;
  const incomingName = placeOf(places, incoming.oid)?.name;
  if (incomingName === name && presentName === present?.awayName) return 'done';
  const isTaken = !present && places.some((place) => place.name === name);
  if (incomingName === incoming.name && presentName === (present ? name : undefined) && !isTaken)
    return 'undone';
  return undefined;
}

/** The place of the database with that oid, whatever its name. */
export function placeOf(places: readonly Place[], oid: number | undefined): Place | undefined {
  return places.find((place) => place.oid === oid);
}

/** What is there instead of what the order names, in words. */
export function showPlaces(places: readonly Place[], order: ExchangeOrder): string {
  const known = oidsOf(order);
  const found = known.map((oid) => {
    const place = placeOf(places, oid);
    return place ? `oid ${oid} is named ${showName(place.name)}` : `oid ${oid} is gone`;
  });
  const strangers = places
    .filter((place) => !known.includes(place.oid))
    .map((place) => `${showName(place.name)} is another database, oid ${place.oid}`);
  const meant = `${showName(order.name)} and ${showName(order.incoming.name)} are not the databases that were meant`;
  return [meant, ...found, ...strangers].join('; ');
}
