import type { ClusterConfig } from '../../config/config.js';
import { hostQueue } from '../../domain/contracts.js';
import { type ScheduledRunResult, scheduleId } from '../../domain/schedule/contracts.js';
import type { ScheduleStep } from '../../domain/schedule/plan.js';
import type { TemporalPlace } from '../../temporal/connection.js';
import { applySchedules } from '../../temporal/schedules/apply.js';
import { runNow } from '../../temporal/schedules/run-now.js';
import { ensureSearchAttributes } from '../../temporal/search-attributes.js';
import { hasLivePoller } from '../../temporal/task-queues.js';
import type { CommandContext } from '../context.js';
import { counted, printable } from '../output/format.js';
import type { Output } from '../output/output.js';
import { shortName, withScheduler } from './place.js';

export interface ScheduleApplyOptions {
  dryRun?: boolean;
  takeOver?: boolean;
  /** Whether a look of monitoring is to follow. */
  check: boolean;
}

/** Configuration: schedules that are wanted belong to others. */
const foreignExitCode = 2;

/** What a look of monitoring showed of the set-up. */
interface Check {
  schedule: string;
  workflowId?: string;
  outcome: ScheduledRunResult['outcome'] | 'not seen';
  told: string;
}

/** `holdfast schedule apply`: Temporal's schedules become those of the settings. */
export async function scheduleApplyCommand(
  context: CommandContext,
  options: ScheduleApplyOptions,
): Promise<number> {
  const { config, output } = context;
  return withScheduler(context, async (place) => {
    const dryRun = options.dryRun === true;
    if (!dryRun) await ensureSearchAttributes(place.connection, place.namespace);
    const onPlan = (planned: readonly ScheduleStep[]) => {
      if (!output.json) tellSteps(output, planned, dryRun);
    };
    const takeOver = options.takeOver === true;
    const steps = await applySchedules({ client: place.client, config, dryRun, takeOver, onPlan });
    const idle = dryRun ? [] : await idleHosts(place, Object.values(config.clusters));
    for (const host of idle)
      output.warn(`no worker asks for the work of host ${printable(host)}\n→ run \`holdfast worker\` there`);
    const check = dryRun || !options.check ? undefined : await checkOf(context, place, steps, idle);
    if (output.json) output.printJson({ dryRun, steps: steps.map(plain), ...(check && { check }) });
    else if (check) tellCheck(output, check);
    return steps.some(({ what }) => what === 'foreign') ? foreignExitCode : 0;
  });
}

/** What applying does, or would do, to each schedule. */
export function tellSteps(output: Output, steps: readonly ScheduleStep[], dryRun: boolean): void {
  const will = dryRun ? 'would be ' : '';
  for (const step of steps) {
    const name = printable(shortName(step.id));
    if (step.what === 'create') output.print(`+ ${name}  ${will}created: ${whenOf(step)}`);
    if (step.what === 'take over')
      output.print(`+ ${name}  ${will}taken over from ${printable(step.owner ?? 'others')}`);
    if (step.what === 'remove') output.print(`- ${name}  ${will}removed`);
    if (step.what === 'change') {
      output.print(`~ ${name}  ${will}changed`);
      for (const { what, from, to } of step.differences)
        output.print(`    ${printable(what)}: ${printable(from)} → ${printable(to)}`);
    }
    if (step.what === 'foreign')
      output.warn(
        `${name} was made of the settings of ${printable(step.owner ?? 'somebody else')}, and is left as it is\n→ give the cluster another name, or run \`holdfast schedule apply --take-over\``,
      );
  }
  const kept = steps.filter(({ what }) => what === 'keep').length;
  const acted = steps.filter(({ what }) => what !== 'keep' && what !== 'foreign').length;
  output.print(acted === 0 ? `nothing to change: ${counted(kept, 'schedule')}` : `${kept} unchanged`);
}

function whenOf({ shape }: Extract<ScheduleStep, { what: 'create' }>): string {
  const { cron, timeZone } = (shape.input as { due: { cron: string; timeZone: string } }).due;
  return `${cron} ${timeZone}`;
}

function plain(step: ScheduleStep): object {
  const { what, id } = step;
  return {
    ...{ what, id },
    ...('differences' in step && { differences: step.differences }),
    ...('owner' in step && { owner: step.owner }),
  };
}

async function idleHosts({ client }: TemporalPlace, clusters: readonly ClusterConfig[]): Promise<string[]> {
  const hosts = [...new Set(clusters.map(({ host }) => host))];
  const idle = await Promise.all(
    hosts.map(async (host) => ((await hasLivePoller(client, hostQueue(host))) ? [] : [host])),
  );
  return idle.flat();
}

/** One look of monitoring, by the schedule just made, on a host that has a worker: whether all of it works together. */
async function checkOf(
  { config, output }: CommandContext,
  { client }: TemporalPlace,
  steps: readonly ScheduleStep[],
  idle: readonly string[],
): Promise<Check | undefined> {
  const ours = new Set(
    steps.filter(({ what }) => what !== 'remove' && what !== 'foreign').map(({ id }) => id),
  );
  const [cluster] = Object.values(config.clusters).filter(
    ({ name, host }) => ours.has(scheduleId(name, 'monitor')) && !idle.includes(host),
  );
  if (!cluster) return undefined;
  const schedule = scheduleId(cluster.name, 'monitor');
  if (!output.json) output.note(`one run of ${shortName(schedule)}, to see that it works`);
  const run = await runNow(client, schedule, 'BUFFER_ONE');
  if (!run) return { schedule, outcome: 'not seen', told: 'no run began in time' };
  const { outcome, told } = await run.result();
  return { schedule, workflowId: run.workflowId, outcome, told };
}

function tellCheck(output: Output, { schedule, outcome, told, workflowId }: Check): void {
  const words = `${printable(shortName(schedule))}: ${printable(told)}`;
  if (outcome === 'succeeded') output.success(words);
  else if (outcome === 'failed') output.warn(`${words}\n→ see \`holdfast monitor\``);
  else output.warn(`${words}${workflowId ? ` (${workflowId})` : ''}`);
}
