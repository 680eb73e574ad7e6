import { type DecidableStatus, decidingStep } from '../domain/approval-contracts.js';
import { workflowTypes } from '../domain/contracts.js';

import { findTemporal, type TemporalPlace } from '../temporal/connection.js';
import type { CommandContext } from './context.js';
import { moment, printable } from './output/format.js';
import { renderTable } from './output/table.js';

/** One line of `holdfast --json approvals`; the status is null when no worker answers. */
export interface WaitingRun {
  workflow_id: string;
  status: DecidableStatus | null;
}

const answerWithinMs = 5_000;

/** `holdfast approvals`: the restores and recoveries that wait for people. */
export async function approvalsCommand(context: CommandContext): Promise<number> {
  const { output } = context;
  const place = await findTemporal(context.temporalOptions);
  try {
    const waiting = (await runningRestores(place)).filter(isWaiting);
    if (output.json) output.printJson(waiting);
    else if (waiting.length === 0) output.print('nothing waits for approval');
    else output.print(renderTable(['ID', 'BACKUP', 'ASKED BY', 'UNTIL', 'EVIDENCE'], waiting.map(row), {}));
    return 0;
  } finally {
    await place.close();
  }
}

/** One whose worker does not answer may wait, too: better shown than hidden. */
function isWaiting({ status }: WaitingRun): boolean {
  return status === null || status.step === decidingStep;
}

async function runningRestores({ client }: TemporalPlace): Promise<WaitingRun[]> {
  const { restoreDatabase, pointInTimeRecovery } = workflowTypes;
  const query = `WorkflowType IN ('${restoreDatabase}', '${pointInTimeRecovery}') AND ExecutionStatus = 'Running'`;
  const found: WaitingRun[] = [];
  for await (const { workflowId, runId } of client.workflow.list({ query })) {
    const handle = client.workflow.getHandle(workflowId, runId);
    const ask = () => handle.query<DecidableStatus>('status');
    const status = await client.withDeadline(Date.now() + answerWithinMs, ask).catch(() => null);
    found.push({ workflow_id: workflowId, status });
  }
  return found;
}

function row({ workflow_id: id, status }: WaitingRun): string[] {
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
