import { Client, Connection } from '@temporalio/client';
import { temporalDirectory } from '../../dist/src/config/directories.js';
import { loadConfig } from '../../dist/src/config/load.js';
import { connectEmbedded } from '../../dist/src/temporal/embedded/embedded.js';
import { meanwhile } from './telling.mjs';

/** Holds the embedded server that the demo's commands share. */
export async function connectDemoTemporal(env) {
  const config = await loadConfig({ env, cwd: env.HOLDFAST_STATE_DIR });
  const stateDir = temporalDirectory(config, env);
  const progress = meanwhile();
  const server = await connectEmbedded({ stateDir, onProgress: progress.tell }).finally(progress.end);
  const connection = await Connection.connect({ address: server.address });
  return {
    address: server.address,
    uiAddress: server.uiAddress,
    client: new Client({ connection }),
    workflowPage: (workflowId, runId) =>
      `${server.uiAddress}/namespaces/default/workflows/${encodeURIComponent(workflowId)}/${runId}`,
    async close() {
      await connection.close();
      await server.close();
    },
  };
}

/** Prints the activities of a workflow's newest run, and how long each took. */
export async function showSteps({ client, workflowPage }, workflowId) {
  const handle = client.workflow.getHandle(workflowId);
  const { runId } = await handle.describe();
  const { events } = await handle.fetchHistory();
  const scheduled = new Map();
  const started = new Map();
  for (const event of events ?? []) {
    const id = String(event.eventId);
    const { activityType } = event.activityTaskScheduledEventAttributes ?? {};
    if (activityType) scheduled.set(id, activityType.name);
    const start = event.activityTaskStartedEventAttributes;
    if (start)
      started.set(String(start.scheduledEventId), { at: seconds(event.eventTime), attempt: start.attempt });
    const end = event.activityTaskCompletedEventAttributes;
    if (!end) continue;
    const { at, attempt } = started.get(String(end.scheduledEventId));
    const name = scheduled.get(String(end.scheduledEventId));
    const took = (seconds(event.eventTime) - at).toFixed(2).padStart(6);
    console.log(`  ${name.padEnd(22)} attempt ${attempt}  ${took} s`);
  }
  console.log(`  ${workflowPage(workflowId, runId)}/history`);
}

function seconds(time) {
  return Number(time.seconds) + Number(time.nanos) / 1e9;
}
