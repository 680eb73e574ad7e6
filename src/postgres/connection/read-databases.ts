import type pg from 'pg';
import { parseMark } from '../../domain/restore/database-mark.js';

/** A database of the server, and why it is none that backups are made of; undefined: it is one. */
export interface KnownDatabase {
  name: string;
  notBackedUpBecause?: 'template' | 'takes no connections' | 'invalid' | 'made by Holdfast';
}

interface Row {
  name: string;
  isTemplate: boolean;
  allowsConnections: boolean;
  isInvalid: boolean;
  comment: string | null;
}

/** What an interrupted DROP DATABASE leaves: nobody can connect to it, and it can only be dropped (its manual page). */
export const isInvalidDatabase = 'datconnlimit = -2';

/** Every database, by name. */
export async function readDatabases(client: pg.Client): Promise<KnownDatabase[]> {
  const { rows } = await client.query<Row>(
    `SELECT datname AS name, datistemplate AS "isTemplate", datallowconn AS "allowsConnections",
            ${isInvalidDatabase} AS "isInvalid", pg_catalog.shobj_description(oid, 'pg_database') AS comment
     FROM pg_catalog.pg_database ORDER BY datname COLLATE "C"`,
  );
  return rows.map((row) => ({ name: row.name, ...reasonOf(row) }));
}

function reasonOf({ isTemplate, allowsConnections, isInvalid, comment }: Row): Partial<KnownDatabase> {
  if (parseMark(comment)) return { notBackedUpBecause: 'made by Holdfast' };
  if (isTemplate) return { notBackedUpBecause: 'template' };
  if (isInvalid) return { notBackedUpBecause: 'invalid' };
  return allowsConnections ? {} : { notBackedUpBecause: 'takes no connections' };
}
