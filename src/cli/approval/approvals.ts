import { findTemporal } from '../../temporal/connection.js';
import type { CommandContext } from '../context.js';
import { moment, printable } from '../output/format.js';
import { renderTable } from '../output/table.js';
import { type WaitingRun, waitingRuns } from './waiting-runs.js';

/** `holdfast approvals`: the restores and recoveries that wait for people. */
export async function approvalsCommand(context: CommandContext): Promise<number> {
  const { output } = context;
  const place = await findTemporal(context.temporalOptions);
  try {
    const waiting = await waitingRuns(place);
    if (output.json) output.printJson(waiting);
    else if (waiting.length === 0) output.print('nothing waits for approval');
    else
      output.print(
        renderTable(['ID', 'BACKUP', 'ASKED BY', 'UNTIL', 'EVIDENCE'], waiting.map(row), { whole: [0, 1] }),
      );
    return 0;
  } finally {
    await place.close();
  }
}

function row({ workflowId: id, status }: WaitingRun): string[] {
  if (!status) return [printable(id), 'no worker answers', '', '', ''];
  const { backupId = '', requester, approval, evidence } = status;
  return [
    printable(id),
    printable(backupId),
    printable(requester),
    approval ? moment(approval.deadline) : '',
    evidence?.digest.slice(0, 12) ?? '',
  ];
}
