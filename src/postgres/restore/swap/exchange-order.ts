import type { MarkKind } from '../../../domain/restore/database-mark.js';

/**
 * One database gives the name that clients use to another. Databases are told by their oids, so that a name that
 * changed its owner since the order was given is noticed.
 */
export interface ExchangeOrder {
  /** The name that clients use. */
  name: string;
  /** The database that has the name; null when none has. */
  present: GivingDatabase | null;
  /** The database that is to have it. */
  incoming: IncomingDatabase;
  /** Run of the workflow that ordered it: names the session and goes into the mark. */
  runId: string;
}

export interface GivingDatabase {
  oid: number;
  awayName: string;
  awayMark: MarkKind;
  /** Whether it took connections before the exchange, and is to take them again when that is undone. */
  acceptsConnections: boolean;
}

export interface IncomingDatabase {
  oid: number;
  name: string;
  /** The mark it must carry until then. */
  mark: MarkKind;
  /** The comment it gets with the name; absent: the one kept in its mark. */
  comment?: string | null;
}

/** Every name that the exchange needs: none of them can be the database it is done from. */
export function namesOf({
  name,
  present,
  incoming,
}: Pick<ExchangeOrder, 'name' | 'present' | 'incoming'>): string[] {
  return [name, incoming.name, ...(present ? [present.awayName] : [])];
}

/** The databases themselves. */
export function oidsOf({ present, incoming }: Pick<ExchangeOrder, 'present' | 'incoming'>): number[] {
  return [incoming.oid, ...(present ? [present.oid] : [])];
}
