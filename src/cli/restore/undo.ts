import { HoldfastError } from '../../domain/errors.js';
import {
  type KeepPreviousResult,
  keepMessages,
  keepPreviousWorkflowId,
} from '../../domain/restore/keep-contracts.js';
import { openRunning, sendUpdate } from '../approval/running.js';
import type { CommandContext } from '../context.js';
import { requesterName } from '../operation/requester.js';
import { printable } from '../output/format.js';

export interface KeepOptions {
  cluster: string;
  reason?: string;
}

/** `holdfast restore undo ID`: the database that a restore replaced comes back. */
export function restoreUndoCommand(
  context: CommandContext,
  id: string,
  options: KeepOptions,
): Promise<number> {
  return decideOnPrevious(context, keepMessages.undo, id, options);
}

/** `holdfast restore confirm ID`: the database that a restore replaced is dropped now. */
export function restoreConfirmCommand(
  context: CommandContext,
  id: string,
  options: KeepOptions,
): Promise<number> {
  return decideOnPrevious(context, keepMessages.confirm, id, options);
}

async function decideOnPrevious(
  context: CommandContext,
  kind: 'undo' | 'confirm',
  id: string,
  { cluster, reason }: KeepOptions,
): Promise<number> {
  const workflowId = id.startsWith('keep-previous/') ? id : keepPreviousWorkflowId(cluster, id);
  const attempted = `${kind} the restore that kept ${printable(id)}`;
  const running = await openRunning(context, workflowId, attempted, cluster);
  const { session, handle, isOpen } = running;
  try {
    if (!isOpen) throw over(attempted, await handle.result().catch(() => undefined));
    const message = { requester: requesterName(), reason: reason ?? '' };
    const result = await sendUpdate<KeepPreviousResult>(running, kind, message, attempted);
    await Promise.race([handle.result(), session.workerFailed]);
    print(context, id, result);
    return 0;
  } finally {
    await session.close();
  }
}

const endings = {
  undone: {
    cause: 'it was undone already: the previous database has its name back',
    remedy: 'What had been restored is kept beside it; drop that when it is not needed.',
  },
  confirmed: {
    cause: 'it was confirmed: the previous database is dropped',
    remedy: 'To go back in time, restore a backup.',
  },
  expired: {
    cause: 'its time is over: the previous database is dropped',
    remedy: 'To go back in time, restore a backup.',
  },
} as const;

function over(attempted: string, result: KeepPreviousResult | undefined): HoldfastError {
  const unknown = { cause: 'it ended without an outcome', remedy: 'See its workflow in the Web UI.' };
  return new HoldfastError('UndoRefused', { attempted, ...(result ? endings[result.outcome] : unknown) });
}

function print({ output }: CommandContext, id: string, result: KeepPreviousResult): void {
  if (output.json) output.printJson(result);
  else if (result.undoneName === null) output.success(`dropped ${printable(id)}`);
  else {
    const refused =
      result.refusedMs === null ? '' : `; clients were refused for ${Math.round(result.refusedMs)} ms`;
    output.success(`undone: ${printable(id)} has its name back${refused}`);
    output.print(
      `  what had been restored is now ${printable(result.undoneName)}; drop it when it is not needed`,
    );
  }
}
