import { decodeDatabaseName } from '../../domain/backup/names.js';
import { workflowTypes } from '../../domain/contracts.js';
import type { Claimant } from '../../temporal/embedded/claim.js';
import type { WaitingRun } from '../approval/waiting-runs.js';
import type { CommandContext } from '../context.js';
import { age, moment, printable, shellWord } from '../output/format.js';
import type { Output } from '../output/output.js';
import { section } from '../output/section.js';
import { renderTable } from '../output/table.js';
import { type StoredStatus, tellStored } from './stored.js';
import type { WorkStatus } from './work.js';

/** What `holdfast status` tells, as it stands in its JSON. */
export interface Status extends StoredStatus {
  /** Null: none runs or answers, and `temporalNote` says why. */
  temporal: { address: string; uiAddress: string | null; source: string } | null;
  temporalNote: string | null;
  /** The `holdfast up` of this repository. */
  up: Claimant | null;
  /** What Temporal knows; null without it. */
  work: WorkStatus | null;
}

/** Schedules' next runs that people are shown. */
const nextAtMost = 10;

/** Prints it for people: what runs first, what they are asked, then what was. */
export function tellStatus({ output, config }: CommandContext, status: Status): void {
  tellTemporal(output, status);
  const { work } = status;
  if (work) {
    tellRunning(output, work);
    tellWaiting(output, work.waiting);
    tellNext(output, work);
  }
  tellStored(output, config, status);
  if (work && work.lastOutcomes.length > 0) tellOutcomes(output, work);
  for (const { file, why } of status.broken) output.warn(`${printable(file)}: ${why}`);
}

function tellTemporal(output: Output, { temporal, temporalNote, up }: Status): void {
  if (up) output.print(`holdfast up: process ${up.pid}, begun ${age(up.since)}`);
  const ui = temporal?.uiAddress ?? up?.uiAddress;
  if (temporal) output.print(`Temporal at ${temporal.address}${ui ? `, Web UI ${ui}` : ''}`);
  else output.warn(`what runs, and how it last ended, is not known: ${temporalNote ?? ''}`);
}

/** What is kept for an undo runs for a day, and does nothing meanwhile. */
function tellRunning(output: Output, { running, waiting }: WorkStatus): void {
  const waits = new Set(waiting.map(({ workflowId: id }) => id));
  const kept = running.filter(({ type }) => type === workflowTypes.keepPrevious);
  const rows = running.filter((one) => !kept.includes(one) && !waits.has(one.workflowId));
  section(output, 'runs');
  if (rows.length === 0) output.print('nothing');
  else {
    const cells = rows.map(({ operation, cluster, database, startedAt, step }) => [
      ...[operation, cluster, database, age(startedAt), step],
    ]);
    output.print(renderTable(['OPERATION', 'CLUSTER', 'DATABASE', 'BEGUN', 'STEP'], cells, {}));
  }
  for (const { workflowId, database } of kept) {
    const name = decodeDatabaseName(workflowId.split('/').at(-1) ?? '');
    output.print(
      `${printable(database)} before its restore is kept: holdfast restore undo ${printable(shellWord(name))}`,
    );
  }
}

function tellWaiting(output: Output, waiting: readonly WaitingRun[]): void {
  if (waiting.length === 0) return;
  section(output, 'waits for approval');
  for (const { workflowId: id, status } of waiting) {
    const word = printable(shellWord(id));
    if (!status) {
      output.print(`${printable(id)}: no worker answers`);
      continue;
    }
    const { requester, backupId = '', approval } = status;
    const until = approval ? ` until ${moment(approval.deadline)}` : '';
    output.print(`${printable(id)}: ${printable(backupId)}, asked by ${printable(requester)}${until}`);
    output.print(`  approve  holdfast approve ${word} --reason WHY`);
    output.print(`  reject   holdfast reject ${word} --reason WHY`);
  }
}

function tellNext(output: Output, { nextRuns }: WorkStatus): void {
  section(output, 'next');
  if (nextRuns.length === 0) output.print('nothing is scheduled: `holdfast schedule apply`');
  const rows = nextRuns.slice(0, nextAtMost).map(({ at, name }) => [name, moment(at)]);
  if (rows.length > 0) output.print(renderTable(null, rows, {}));
  if (nextRuns.length > nextAtMost) output.print(`and ${nextRuns.length - nextAtMost} more`);
}

function tellOutcomes(output: Output, { lastOutcomes }: WorkStatus): void {
  section(output, 'last ended');
  const rows = lastOutcomes.map(({ operation, cluster, database, outcome, endedAt, cause }) => [
    ...[operation, cluster, database, age(endedAt), outcome, cause ?? ''],
  ]);
  output.print(renderTable(['OPERATION', 'CLUSTER', 'DATABASE', 'ENDED', 'OUTCOME', 'CAUSE'], rows, {}));
}
