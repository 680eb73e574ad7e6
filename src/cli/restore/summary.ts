import type { RestoreResult } from '../../domain/restore/contracts.js';
import type { CommandContext } from '../context.js';
import { bytes, counted, duration, moment, printable, shellWord } from '../output/format.js';

/** Prints what a restore did. */
export function printRestore({ output }: CommandContext, result: RestoreResult): void {
  if (output.json) {
    output.printJson(result);
    return;
  }
  const { backup, approval, previous, steps } = result;
  output.success(`restored ${printable(result.target)} from ${printable(backup.id)}`);
  const held = result.assertions > 0 ? [counted(result.assertions, 'assertion')] : [];
  const proven = [counted(result.tables, 'table'), counted(result.rows, 'row'), ...held];
  output.print(`  proven    ${[...proven, bytes(result.sizeBytes)].join(', ')}`);
  output.print(`  sha256    ${backup.checksum}`);
  output.print(`  evidence  ${printable(result.evidence.path)}`);
  if (result.inPlace) output.print('  in place  what it was is dropped, and can not come back');
  if (result.createdRoles.length > 0)
    output.print(`  roles     created: ${result.createdRoles.map(printable).join(', ')}`);
  if (approval) output.print(`  approved  ${approval.approvals.map(said).join(', ')}`);
  if (approval && result.refusedMs !== null)
    output.print(`  swap      clients refused for ${Math.round(result.refusedMs)} ms`);
  const told = steps.filter(({ durationMs }) => durationMs >= 50);
  output.print(
    `  steps     ${told.map(({ step, durationMs }) => `${step} ${duration(durationMs / 1000)}`).join(', ')}`,
  );
  if (result.summaryPath) output.print(`  summary   ${printable(result.summaryPath)}`);
  if (previous) {
    output.print(`  kept      what it was, as ${printable(previous.name)}, until ${moment(previous.until)}`);
    output.print(`  undo      holdfast restore undo ${printable(shellWord(previous.name))}`);
  }
  for (const warning of result.warnings) output.warn(printable(warning));
}

function said({ approver, reason }: { approver: string; reason: string }): string {
  return printable(reason ? `${approver}: ${reason}` : approver);
}
