import type { Client } from '@temporalio/client';
import { msNumberToTs } from '@temporalio/common/lib/time.js';
import { HoldfastError } from '../../domain/errors.js';
import { describeSchedule } from '../../temporal/schedules/read.js';
import { type BegunRun, runNow } from '../../temporal/schedules/run-now.js';
import type { CommandContext } from '../context.js';
import { parseInstant } from '../instant-argument.js';
import { counted, instant, printable } from '../output/format.js';
import type { Output } from '../output/output.js';
import { chosenSchedules, shortName, withScheduler } from './place.js';

/** Exit codes of a run that was waited for. */
const exitCodes = { succeeded: 0, failed: 5, skipped: 7 } as const;

/** `holdfast schedule trigger`: one run now, also of a schedule that is paused. */
export function scheduleTriggerCommand(
  context: CommandContext,
  name: string,
  { wait }: { wait?: boolean },
): Promise<number> {
  const { config, output } = context;
  return withScheduler(context, async ({ client }) => {
    const [schedule] = await chosenSchedules(client, config, [name], {});
    const id = schedule?.id ?? '';
    await refuseWhileRunning(client, id);
    const run = await runNow(client, id, 'SKIP');
    if (!run) throw didNotBegin(id);
    return wait === true ? await tellEnd(output, id, run) : tellBegun(output, id, run);
  });
}

async function refuseWhileRunning(client: Client, id: string): Promise<void> {
  const [running] = (await describeSchedule(client, id))?.info.runningActions ?? [];
  if (!running) return;
  throw new HoldfastError('AlreadyRunning', {
    attempted: `start a run of schedule ${shortName(id)}`,
    cause: `workflow ${running.workflow.workflowId} is running`,
    remedy: 'wait for it to end, or cancel it in the Web UI',
  });
}

function didNotBegin(id: string): HoldfastError {
  return new HoldfastError('GeneralError', {
    attempted: `start a run of schedule ${shortName(id)}`,
    cause: 'Temporal took the request, and began no run in time',
    remedy: 'see `holdfast schedule list`, and try again',
  });
}

function tellBegun(output: Output, id: string, { workflowId, runId }: BegunRun): number {
  if (output.json) output.printJson({ id, workflowId, runId });
  else output.print(`${printable(shortName(id))}  begun as ${workflowId} (run ${runId})`);
  return 0;
}

async function tellEnd(output: Output, id: string, run: BegunRun): Promise<number> {
  const { workflowId: operationId, outcome, told } = await run.result();
  const words = `${printable(shortName(id))}: ${printable(told)}`;
  if (output.json) {
    const { workflowId, runId } = run;
    output.printJson({ id, workflowId, runId, operationId, outcome, told });
  } else if (outcome === 'succeeded') output.success(words);
  else output.warn(`${words} (${outcome})`);
  return exitCodes[outcome];
}

export interface BackfillOptions {
  from: string;
  to: string;
  each?: boolean;
}

/** `holdfast schedule backfill`: what was due in a span is run now: once for all, or each time. */
export function scheduleBackfillCommand(
  context: CommandContext,
  name: string,
  { from, to, each = false }: BackfillOptions,
): Promise<number> {
  const { config, output } = context;
  const [start, end] = [parseInstant(from, '--from'), parseInstant(to, '--to')];
  return withScheduler(context, async ({ client }) => {
    const [schedule] = await chosenSchedules(client, config, [name], {});
    const id = schedule?.id ?? '';
    const due = start < end ? await countDue(client, id, start, end) : 0;
    if (due === 0) throw nothingDue(id, start, end);
    const overlap = each ? 'BUFFER_ALL' : 'SKIP';
    await client.schedule.getHandle(id).backfill({ start, end, overlap });
    if (output.json) output.printJson({ id, due, runs: each ? due : 1 });
    else {
      const runs = each ? `${counted(due, 'run')}, one after the other` : 'one run for all of them';
      output.print(`${printable(shortName(id))}  ${counted(due, 'time')} at which it was due: ${runs}`);
    }
    return 0;
  });
}

/** Temporal tells at most 1,000. */
async function countDue(client: Client, scheduleId: string, start: Date, end: Date): Promise<number> {
  const { startTime } = await client.workflowService.listScheduleMatchingTimes({
    ...{ namespace: client.options.namespace, scheduleId },
    startTime: msNumberToTs(start.getTime() - 1000),
    endTime: msNumberToTs(end.getTime()),
  });
  return (startTime ?? []).length;
}

function nothingDue(id: string, start: Date, end: Date): HoldfastError {
  return new HoldfastError('ConfigurationInvalid', {
    attempted: `run schedule ${shortName(id)} for the past`,
    cause: `it was never due from ${instant(start.toISOString())} to ${instant(end.toISOString())}`,
    remedy: 'see its cron expression and time zone in `holdfast schedule list`',
  });
}
