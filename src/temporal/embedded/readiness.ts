import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { msToTs, tsToMs } from '@temporalio/common/lib/time.js';

const namespace = 'default';

/** How long finished workflows stay in the embedded server's history: thirty days instead of its one. */
const retention = '30 days';

/** Waits until the server at `address` serves its namespace: it listens a moment earlier. */
export async function untilReady(address: string, timeoutMs = 15_000): Promise<void> {
  await withConnection(address, async (connection) => {
    for (const deadline = Date.now() + timeoutMs; ; ) {
      try {
        await connection.withDeadline(deadline, () =>
          connection.workflowService.describeNamespace({ namespace }),
        );
        return;
      } catch (error) {
        if (Date.now() > deadline) throw error;
        await delay(50);
      }
    }
  });
}

/** Sets the retention of finished workflows to {@link retention}. */
export async function keepHistory(address: string): Promise<void> {
  await withConnection(address, async ({ workflowService }) => {
    const { config } = await workflowService.describeNamespace({ namespace });
    const workflowExecutionRetentionTtl = msToTs(retention);
    if (tsToMs(config?.workflowExecutionRetentionTtl) === tsToMs(workflowExecutionRetentionTtl)) return;
    await workflowService.updateNamespace({ namespace, config: { workflowExecutionRetentionTtl } });
  });
}

async function withConnection(
  address: string,
  use: (connection: Connection) => Promise<void>,
): Promise<void> {
  const connection = Connection.lazy({ address });
  try {
    await use(connection);
  } finally {
    await connection.close();
  }
}
