import type { RecoveryResult } from '../../domain/recovery/contracts.js';
import { bytes, counted, duration, printable, shellWord } from '../output/format.js';
import type { Output } from '../output/output.js';

/** Prints what a recovery did, and what to do with it. */
export function printRecovery(output: Output, result: RecoveryResult): void {
  if (output.json) {
    output.printJson(result);
    return;
  }
  const { dataDir, steps, approval, previous } = result;
  output.success(`recovered ${printable(result.cluster)} to ${printable(result.target)}`);
  output.print(`  into      ${printable(dataDir)} (${result.control.state})`);
  for (const path of result.tablespaces) output.print(`  and       ${printable(path)}, a tablespace`);
  output.print(`  from      ${result.base}, ${counted(result.segments, 'segment')} of WAL`);
  output.print(`  stopped   ${printable(result.stopReason)}`);
  if (result.replayedTo) output.print(`  last in   ${printable(result.replayedTo)}`);
  output.print(`  timeline  ${result.timeline}`);
  output.print(`  took      ${steps.map(({ step, seconds }) => `${step} ${duration(seconds)}`).join(', ')}`);
  printProof(output, result);
  if (approval)
    output.print(`  approved  ${approval.approvals.map(({ approver }) => printable(approver)).join(', ')}`);
  if (result.evidence) output.print(`  evidence  ${printable(result.evidence.path)}`);
  if (previous) printWayBack(output, dataDir, previous);
  for (const warning of result.warnings) output.warn(printable(warning));
  output.print(nextWords(result));
}

function printProof(output: Output, result: RecoveryResult): void {
  const { databases, databaseCount, assertionCount, amcheck } = result;
  for (const { name, sizeBytes, tables, estimatedRows } of databases) {
    const rows = estimatedRows === null ? [] : [`about ${counted(estimatedRows, 'row')}`];
    const figures = [counted(tables, 'table'), ...rows, bytes(sizeBytes)].join(', ');
    output.print(`  database  ${printable(name)}, ${figures}`);
  }
  const more = databaseCount - databases.length;
  if (more > 0) output.print(`            and ${counted(more, 'more database')}`);
  if (assertionCount > 0) output.print(`  holds     ${counted(assertionCount, 'assertion')}`);
  if (amcheck) output.print(`  amcheck   nothing wrong in ${counted(amcheck.checked, 'database')}`);
}

/** The cluster that gave way is never removed by Holdfast. */
function printWayBack(output: Output, dataDir: string, previous: string): void {
  const [here, there] = [shellWord(dataDir), shellWord(previous)];
  output.print(`  kept      what was there, as ${printable(previous)}; remove it when it is of no more use`);
  output.print(`  go back   with no server on it: mv ${here} ${here}.recovered && mv ${there} ${here}`);
}

function nextWords({ action, dataDir, server, hasSettings }: RecoveryResult): string {
  if (server) {
    const { socketDir, port, role } = server;
    return `look into it: psql -h ${shellWord(socketDir)} -p ${port} -U ${shellWord(role)}\n  what the next transaction was altering or dropping stays locked until SELECT pg_promote(), which makes it writable`;
  }
  const words = action === 'promote' ? 'start it' : 'start it, and it waits at its target';
  if (!hasSettings)
    return `${words}, by settings whose data_directory is ${printable(dataDir)}: its postgresql.conf lay elsewhere, and is in no base backup`;
  return `${words}, as the account it belongs to: pg_ctl -D ${shellWord(dataDir)} start`;
}
