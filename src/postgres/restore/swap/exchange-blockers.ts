import type pg from 'pg';
import type { ConnectionSettings } from '../../../config/config.js';
import { isMarkOf } from '../../../domain/restore/database-mark.js';
import { showName } from '../../quote.js';
import { type ExchangeOrder, namesOf } from './exchange-order.js';
import { placeOf, readPlaces } from './exchange-places.js';
import { withNeighbour } from './neighbour.js';

/**
 * What would make an exchange fail, or break something by succeeding, in words; nothing when it can go ahead. To be
 * asked before a person is.
 * @throws HoldfastError as `withConnection`
 */
export async function readBlockers(settings: ConnectionSettings, order: ExchangeOrder): Promise<string[]> {
  return await withNeighbour(settings, namesOf(order), (client) => exchangeBlockers(client, order));
}

/**
 * What stands against replacing this database, or making it where it has no oid, in words, before there is another to
 * take its place. Prepared transactions and sessions come and go: they are left out unless `passing` is asked for, too.
 * @throws HoldfastError as `withConnection`
 */
export async function readTargetBlockers(
  settings: ConnectionSettings,
  { name, oid }: { name: string; oid: number | null },
  { passing, isDropped = false }: { passing: boolean; isDropped?: boolean },
): Promise<string[]> {
  const asked = questionsOf(isDropped).filter((question) => passing || !question.isPassing);
  const leaving = oid === null ? [] : [oid];
  return await withNeighbour(settings, [name], (client) => answers(client, asked, { leaving, incoming: [] }));
}

/** What stands against dropping a database, in a session that is there already. */
export function dropBlockers(client: pg.Client, oid: number): Promise<string[]> {
  return answers(client, questionsOf(true), { leaving: [oid], incoming: [] });
}

/** {@link readBlockers} in a session that is there already. */
export async function exchangeBlockers(client: pg.Client, order: ExchangeOrder): Promise<string[]> {
  const databases = { leaving: order.present ? [order.present.oid] : [], incoming: [order.incoming.oid] };
  return [...(await misplaced(client, order)), ...(await answers(client, questionsOf(false), databases))];
}

/** Oids of the databases that an exchange is about. */
interface Databases {
  leaving: number[];
  incoming: number[];
}

async function answers(
  client: pg.Client,
  asked: readonly Question[],
  { leaving, incoming }: Databases,
): Promise<string[]> {
  const found: string[] = [];
  for (const { query, words, isOfLeaving } of asked) {
    const oids = isOfLeaving ? leaving : [...incoming, ...leaving];
    const { rows } = await client.query<{ database: string; what: string }>(query, [oids]);
    found.push(...rows.map(({ database, what }) => words(showName(database), what)));
  }
  return found;
}

async function misplaced(client: pg.Client, order: ExchangeOrder): Promise<string[]> {
  const { present, incoming, name } = order;
  const places = await readPlaces(client, order);
  const found: string[] = [];
  if (places.some((place) => place.name === present?.awayName))
    found.push(`there is a database ${showName(present?.awayName ?? '')} already`);
  if (!isMarkOf(placeOf(places, incoming.oid)?.comment, incoming.mark, name))
    found.push(`database ${showName(incoming.name)} has not Holdfast’s mark of a ${incoming.mark} database`);
  return found;
}

interface Question {
  query: string;
  words: (database: string, what: string) => string;
  /** It may be otherwise in a moment. */
  isPassing?: true;
  /** It is no matter in the database that comes. */
  isOfLeaving?: true;
}

function questionsOf(isDropped: boolean): Question[] {
  return [...questions, isDropped ? anySubscription : liveSubscription];
}

/**
 * Kept aside, it would go on taking in rows, and its slot could not be dropped with it. Those of a restored database
 * are as pg_dump writes them: disabled, with the name of their slot, which serves whoever enables them.
 */
const liveSubscription: Question = {
  query: `SELECT d.datname AS database, s.subname AS what FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid
     WHERE s.subdbid = ANY ($1::oid[]) AND (s.subenabled OR s.subslotname IS NOT NULL) LIMIT 5`,
  words: (database, subscription) =>
    `database ${database} has the subscription ${showName(subscription)}: disable it and set its slot to NONE`,
  isOfLeaving: true,
};

const anySubscription: Question = {
  query: `SELECT d.datname AS database, s.subname AS what FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid
     WHERE s.subdbid = ANY ($1::oid[]) LIMIT 5`,
  words: (database, subscription) =>
    `database ${database} has the subscription ${showName(subscription)}, with which PostgreSQL drops no database: drop it`,
};

const questions: Question[] = [
  {
    query: `SELECT database, gid AS what FROM pg_prepared_xacts
     WHERE database IN (SELECT datname FROM pg_database WHERE oid = ANY ($1::oid[])) LIMIT 5`,
    words: (database, gid) =>
      `database ${database} has the prepared transaction ${showName(gid)}: commit it or roll it back`,
    isPassing: true,
  },
  {
    query: `SELECT database, slot_name AS what FROM pg_replication_slots
     WHERE datoid = ANY ($1::oid[]) AND NOT temporary LIMIT 5`,
    words: (database, slot) =>
      `database ${database} has the logical replication slot ${showName(slot)}, whose subscriber would lose its place: drop it`,
  },
  {
    query: `SELECT datname AS database, '' AS what FROM pg_database
     WHERE oid = ANY ($1::oid[]) AND datname IN ('template0', 'template1')`,
    words: (database) => `database ${database} is a template that PostgreSQL itself needs`,
  },
  {
    query: `SELECT datname AS database, '' AS what FROM pg_database
     WHERE oid = ANY ($1::oid[]) AND datconnlimit = -2`,
    words: (database) =>
      `database ${database} is invalid, since a DROP DATABASE of it was cut short: drop it`,
  },
  {
    query: `SELECT d.datname AS database, session_user::text AS what FROM pg_database d JOIN pg_roles r ON r.rolname = session_user
     WHERE d.oid = ANY ($1::oid[]) AND NOT r.rolsuper
       AND NOT (r.rolcreatedb AND pg_has_role(d.datdba, 'USAGE'))`,
    words: (database, role) =>
      `the role ${showName(role)} may not rename database ${database}: it needs CREATEDB and membership in the owner`,
  },
  {
    query: `SELECT DISTINCT a.datname::text AS database, a.usename::text AS what
     FROM pg_stat_activity a JOIN pg_roles me ON me.rolname = session_user JOIN pg_roles r ON r.oid = a.usesysid
     WHERE a.datid = ANY ($1::oid[]) AND NOT me.rolsuper
       AND (r.rolsuper OR NOT (pg_has_role(r.oid, 'USAGE') OR pg_has_role('pg_signal_backend', 'USAGE'))) LIMIT 5`,
    words: (database, role) =>
      `we may not end the sessions of ${showName(role)} in database ${database}: end them, or grant pg_signal_backend`,
    isPassing: true,
  },
  {
    query:
      "SELECT current_database() AS database, '' AS what WHERE pg_is_in_recovery() AND $1::oid[] IS NOT NULL",
    words: () => 'the server is a standby',
  },
];
