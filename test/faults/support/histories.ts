import type { TemporalServer } from '../../support/temporal.js';

/** A text or the bytes of a payload, somewhere in the history of a workflow. */
export interface HistoryLeaf {
  workflowId: string;
  value: Buffer;
}

/** Everything that Temporal keeps of every workflow that it has run. */
export async function historyLeaves({ client }: TemporalServer): Promise<HistoryLeaf[]> {
  const found: HistoryLeaf[] = [];
  for await (const { workflowId, runId } of client.workflow.list()) {
    const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    for (const value of leaves(history)) found.push({ workflowId, value });
  }
  return found;
}

function* leaves(node: unknown): Generator<Buffer> {
  if (typeof node === 'string') yield Buffer.from(node);
  else if (node instanceof Uint8Array) yield Buffer.from(node);
  else if (typeof node === 'object' && node !== null)
    for (const child of Object.values(node)) yield* leaves(child);
}
