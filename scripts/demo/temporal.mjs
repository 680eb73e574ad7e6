import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { configFingerprint } from '../../dist/src/config/fingerprint.js';
import { loadConfig } from '../../dist/src/config/load.js';
import { connectEmbedded } from '../../dist/src/temporal/embedded/embedded.js';

/** Holds the embedded server that the demo's commands share. */
export async function connectDemoTemporal(env) {
  const config = await loadConfig({ env, cwd: env.HOLDFAST_STATE_DIR });
  const stateDir = join(env.HOLDFAST_STATE_DIR, configFingerprint(config));
  return connectEmbedded({ stateDir, onProgress: (message) => console.log(message) });
}

/** Prints the activities of a workflow's newest run, and how long each took. */
export async function showSteps(temporal, workflowId) {
  const connection = await Connection.connect({ address: temporal.address });
  const client = new Client({ connection });
  const handle = client.workflow.getHandle(workflowId);
  const { runId } = await handle.describe();
  const { events } = await handle.fetchHistory();
  const scheduled = new Map();
  const started = new Map();
  for (const event of events ?? []) {
    const id = String(event.eventId);
    if (event.activityTaskScheduledEventAttributes)
      scheduled.set(id, event.activityTaskScheduledEventAttributes.activityType.name);
    const start = event.activityTaskStartedEventAttributes;
    if (start)
      started.set(String(start.scheduledEventId), { at: seconds(event.eventTime), attempt: start.attempt });
    const end = event.activityTaskCompletedEventAttributes;
    if (!end) continue;
    const { at, attempt } = started.get(String(end.scheduledEventId));
    const name = scheduled.get(String(end.scheduledEventId));
    console.log(
      `  ${name.padEnd(20)} attempt ${attempt}  ${(seconds(event.eventTime) - at).toFixed(2).padStart(7)} s`,
    );
  }
  console.log(
    `  ${temporal.uiAddress}/namespaces/default/workflows/${encodeURIComponent(workflowId)}/${runId}/history`,
  );
  await connection.close();
}

function seconds(time) {
  return Number(time.seconds) + Number(time.nanos) / 1e9;
}
