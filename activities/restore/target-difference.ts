import { cancellationSignal } from '@temporalio/activity';
import type { ConnectionSettings } from '../../src/config/config.js';
import type { TableRows } from '../../src/domain/backup/metadata.js';
import { compareWithTarget, type TargetDifference } from '../../src/domain/restore/compare-tables.js';
import { countTables } from '../../src/postgres/restore/prove/count-tables.js';
import { estimateTables } from '../../src/postgres/restore/prove/list-tables.js';
import { runOf } from '../deps.js';

export interface ToldDifference {
  /** With every table that changes. */
  difference: TargetDifference;
  warnings: string[];
}

/** A target up to this size is counted for the evidence; of a larger one its statistics are told. */
const countedUpToBytes = 1024 ** 3;
const countedWithinMs = 45_000;

/** What the present target would lose and gain; a warning where that is not told exactly. */
export async function differenceTo(
  connection: ConnectionSettings,
  target: string,
  sizeBytes: number | null,
  after: TableRows[],
): Promise<ToldDifference> {
  if (sizeBytes !== null && sizeBytes <= countedUpToBytes) {
    const signal = AbortSignal.any([cancellationSignal(), AbortSignal.timeout(countedWithinMs)]);
    const options = { runTag: runOf().runId, signal, sessions: 2 };
    const before = await countTables(connection, target, options).catch(() => undefined);
    if (before) return { difference: compareWithTarget(before, after, true, Infinity), warnings: [] };
  }
  return estimateDifference(connection, target, after);
}

async function estimateDifference(
  connection: ConnectionSettings,
  target: string,
  after: TableRows[],
): Promise<ToldDifference> {
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
