import type { TableRows } from '../backup/metadata.js';

/** Rows of a table that was found, and whether an extension made it. */
export interface FoundTable extends TableRows {
  ofExtension?: boolean;
}

/** One table whose rows are not what they should be; null: there is no such table. */
export interface TableDifference {
  table: string;
  expected: number | null;
  found: number | null;
}

/** How the counted tables stand against those of the metadata. */
export interface CountComparison {
  equalTables: number;
  /** The first fifty. */
  differences: TableDifference[];
  differenceCount: number;
  /** Tables of extensions, of which a dump holds a part only: looked at, not compared. */
  notCompared: number;
}

/** A table whose rows differ between the present target and what would replace it. */
export interface TableChange {
  table: string;
  /** In the present target; null when it has not the table. */
  before: number | null;
  /** In the restored database; null when it has not the table. */
  after: number | null;
}

/** What of the present target would be different. */
export interface TargetDifference {
  /** The fifty largest changes; tables that come or go first. */
  changes: TableChange[];
  tablesGone: number;
  tablesNew: number;
  tablesWithFewerRows: number;
  tablesWithMoreRows: number;
  tablesUnchanged: number;
  rowsBefore: number;
  rowsAfter: number;
  /** False when the target's rows are estimates of its statistics. */
  exact: boolean;
}

/** Tables that differ and are named where people decide; all of them stand in the evidence's file. */
export const namedDifferences = 50;

/**
 * Compares every table of the metadata with what was counted, and finds tables that it does not have.
 *
 * @param atMost differences that are named. @defaultValue 50
 */
export function compareCounts(
  expected: readonly TableRows[],
  found: readonly FoundTable[],
  atMost = namedDifferences,
): CountComparison {
  const rows = new Map(found.map((table) => [nameOf(table), table]));
  const inMetadata = new Set(expected.map(nameOf));
  const differences: TableDifference[] = [];
  let equalTables = 0;
  let notCompared = 0;
  for (const table of expected) {
    const there = rows.get(nameOf(table));
    if (there?.ofExtension) notCompared++;
    else if (there?.rows === table.rows) equalTables++;
    else differences.push({ table: nameOf(table), expected: table.rows, found: there?.rows ?? null });
  }
  for (const table of found) {
    if (inMetadata.has(nameOf(table))) continue;
    if (table.ofExtension) notCompared++;
    else differences.push({ table: nameOf(table), expected: null, found: table.rows });
  }
  return {
    equalTables,
    differences: differences.slice(0, atMost),
    differenceCount: differences.length,
    notCompared,
  };
}

/**
 * Tells what replacing `before` by `after` would change.
 *
 * @param atMost changes that are named. @defaultValue 50
 */
export function compareWithTarget(
  before: readonly { schema: string; table: string; rows: number | null }[],
  after: readonly TableRows[],
  exact: boolean,
  atMost = namedDifferences,
): TargetDifference {
  const old = new Map(before.map((table) => [nameOf(table), table.rows ?? 0]));
  const now = new Map(after.map((table) => [nameOf(table), table.rows]));
  const names = [...new Set([...old.keys(), ...now.keys()])];
  const all = names.map((table) => ({
    table,
    before: old.get(table) ?? null,
    after: now.get(table) ?? null,
  }));
  const changes = all.filter((change) => change.before !== change.after).sort(largestFirst);
  const count = (is: (change: TableChange) => boolean) => all.filter(is).length;
  const both = (change: TableChange) => change.before !== null && change.after !== null;
  return {
    changes: changes.slice(0, atMost),
    tablesGone: count((change) => change.after === null),
    tablesNew: count((change) => change.before === null),
    tablesWithFewerRows: count((change) => both(change) && delta(change) < 0),
    tablesWithMoreRows: count((change) => both(change) && delta(change) > 0),
    tablesUnchanged: all.length - changes.length,
    rowsBefore: sum(old.values()),
    rowsAfter: sum(now.values()),
    exact,
  };
}

function nameOf({ schema, table }: { schema: string; table: string }): string {
  return `${schema}.${table}`;
}

function delta({ before, after }: TableChange): number {
  return (after ?? 0) - (before ?? 0);
}

function largestFirst(a: TableChange, b: TableChange): number {
  const missing = (change: TableChange) => Number(change.before === null || change.after === null);
  return missing(b) - missing(a) || Math.abs(delta(b)) - Math.abs(delta(a)) || (a.table < b.table ? -1 : 1);
}

function sum(rows: Iterable<number>): number {
  let total = 0;
  for (const count of rows) total += count;
  return total;
}
