import { cancellationSignal } from '@temporalio/activity';
import type { ConnectionSettings } from '../../src/config/config.js';
import type { DatabaseProperties, TableRows } from '../../src/domain/backup/metadata.js';
import { compareProperties, type PropertyChange } from '../../src/domain/restore/compare-properties.js';
import { compareWithTarget, type TargetDifference } from '../../src/domain/restore/compare-tables.js';
import { inspectDatabase } from '../../src/postgres/inspect/database.js';
import { countTables } from '../../src/postgres/restore/prove/count-tables.js';
import { estimateTables } from '../../src/postgres/restore/prove/list-tables.js';
import { runOf } from '../deps.js';

export interface ToldDifference {
  /** With every table that changes. */
  difference: TargetDifference;
  properties: PropertyChange[] | null;
  warnings: string[];
}

/** A target up to this size is counted for the evidence; of a larger one its statistics are told. */
const countedUpToBytes = 1024 ** 3;
const countedWithinMs = 45_000;

/** What would take the target's place. */
export interface Replacing {
  tables: TableRows[];
  /** Null: of a backup whose metadata does not tell them. */
  properties: DatabaseProperties | null;
}

/** What the present target would lose and gain; a warning where that is not told exactly. */
export async function differenceTo(
  connection: ConnectionSettings,
  target: { name: string; sizeBytes: number | null },
  after: Replacing,
): Promise<ToldDifference> {
  const tables = await tableDifference(connection, target, after.tables);
  const properties = await changedProperties(connection, target.name, after.properties);
  const untold = 'how the target’s owner, settings and privileges differ could not be asked';
  const isUntold = properties === undefined;
  return {
    ...{ difference: tables.difference, properties: properties ?? null },
    warnings: [...tables.warnings, ...(isUntold ? [untold] : [])],
  };
}

/** Undefined where the target can't be asked; it becomes what it is where the backup does not know. */
async function changedProperties(
  connection: ConnectionSettings,
  target: string,
  after: DatabaseProperties | null,
): Promise<PropertyChange[] | undefined> {
  if (after === null) return [];
  const signal = cancellationSignal();
  const present = await inspectDatabase(connection, target, { signal }).catch(() => undefined);
  return present && compareProperties(present.properties, after);
}

type TablesDifference = Pick<ToldDifference, 'difference' | 'warnings'>;

async function tableDifference(
  connection: ConnectionSettings,
  { name, sizeBytes }: { name: string; sizeBytes: number | null },
  after: TableRows[],
): Promise<TablesDifference> {
  if (sizeBytes !== null && sizeBytes <= countedUpToBytes) {
    const signal = AbortSignal.any([cancellationSignal(), AbortSignal.timeout(countedWithinMs)]);
    const options = { runTag: runOf().runId, signal, sessions: 2 };
    const before = await countTables(connection, name, options).catch(() => undefined);
    if (before) return { difference: compareWithTarget(before, after, true, Infinity), warnings: [] };
  }
  return estimateDifference(connection, name, after);
}

async function estimateDifference(
  connection: ConnectionSettings,
  target: string,
  after: TableRows[],
): Promise<TablesDifference> {
  const looked = await estimateTables(connection, target).catch(
    () => 'the target could not be looked into: what it holds is not told',
  );
  const before = typeof looked === 'string' ? [] : looked;
  const unknown = before.filter(({ estimatedRows }) => estimatedRows === null).length;
  const neverAnalyzed = `${unknown} tables of the target have no statistics: their rows are not known, and told as 0`;
  const warnings = typeof looked === 'string' ? [looked] : unknown > 0 ? [neverAnalyzed] : [];
  const rows = before.map(({ schema, table, estimatedRows }) => ({ schema, table, rows: estimatedRows }));
  return { difference: compareWithTarget(rows, after, false, Infinity), warnings };
}
