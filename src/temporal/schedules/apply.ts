import type { Client, ScheduleOptions } from '@temporalio/client';
import type { ClusterConfig, Config } from '../../config/config.js';
import { planSchedules, type ScheduleStep } from '../../domain/schedule/plan.js';
import type { ScheduleShape } from '../../domain/schedule/shape.js';
import { isFolder } from '../../files/real-file.js';
import { walLayout } from '../../repository/local/wal/wal-layout.js';
import { eachOf } from '../each-of.js';
import { ownerMemo, ownerOf, presentSchedules } from './read.js';
import { specOf } from './spec.js';
import { wantedSchedules } from './wanted.js';

export interface ApplyRequest {
  client: Client;
  config: Config;
  /** Only tell what would be done. @defaultValue false */
  dryRun?: boolean;
  /** Also take schedules of these ids that others have made. @defaultValue false */
  takeOver?: boolean;
  /** Told what will be done, before it is. */
  onPlan?: (steps: readonly ScheduleStep[]) => void;
}

/**
 * Makes Temporal's schedules those that the settings ask for: a second time changes nothing. Schedules that were made
 * of other settings, or by others, stay as they are; a pause stays, too, with its note.
 */
export async function applySchedules(request: ApplyRequest): Promise<ScheduleStep[]> {
  const { client, config } = request;
  const owner = ownerOf(config);
  const wanted = await wantedSchedules(config, hasArchiveHere(config), Date.now());
  const present = await presentSchedules(
    client,
    wanted.map(({ id }) => id),
  );
  const steps = planSchedules(wanted, present, owner, request.takeOver === true);
  request.onPlan?.(steps);
  if (request.dryRun !== true) await eachOf(steps, (step) => take(client, owner, step));
  return steps;
}

/** Whether WAL is archived, as far as it can be seen from this host. */
function hasArchiveHere({ host }: Config): (cluster: ClusterConfig) => Promise<boolean> {
  return async (cluster) =>
    cluster.host === host && (await isFolder(walLayout(cluster.repositoryPath).wal).catch(() => false));
}

async function take(client: Client, owner: string, step: ScheduleStep): Promise<void> {
  const handle = client.schedule.getHandle(step.id);
  if (step.what === 'create') await create(client, owner, step.id, step.shape, { paused: false, note: '' });
  if (step.what === 'change') await handle.update(({ state }) => ({ ...optionsOf(step.shape), state }));
  if (step.what === 'remove') await handle.delete();
  if (step.what === 'take over') {
    // Whose it is stands in what can't be changed.
    await handle.delete();
    await create(client, owner, step.id, step.shape, step);
  }
}

async function create(
  client: Client,
  owner: string,
  scheduleId: string,
  shape: ScheduleShape,
  { paused, note }: { paused: boolean; note: string },
): Promise<void> {
  const state = { paused, ...(note !== '' && { note }) };
  await client.schedule.create({ scheduleId, ...optionsOf(shape), memo: ownerMemo(owner), state });
}

function optionsOf(shape: ScheduleShape): Pick<ScheduleOptions, 'spec' | 'action' | 'policies'> {
  const { workflowType, workflowId, taskQueue, summary: staticSummary, input } = shape;
  return {
    spec: specOf(shape.times, shape.jitterSeconds),
    action: {
      ...{ type: 'startWorkflow', workflowType, workflowId, taskQueue, staticSummary },
      args: [input],
    },
    policies: {
      overlap: 'SKIP',
      catchupWindow: shape.catchUpSeconds * 1000,
      pauseOnFailure: shape.pauseOnFailure,
    },
  };
}
