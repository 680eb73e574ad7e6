import { HoldfastError } from '../../domain/errors.js';
import type { LoggerOptions } from '../../log.js';
import type { TemporalPlace } from '../../temporal/connection.js';
import { type Claim, type Claimant, claim } from '../../temporal/embedded/claim.js';
import type { CommandContext } from '../context.js';
import { onInterrupt } from '../operation/interrupt.js';
import { age, printable } from '../output/format.js';
import { createOutput } from '../output/output.js';
import { createStatusLine, type StatusLine } from '../output/status-line.js';
import { type LastingOptions, type LastingServices, startServices } from '../worker/lasting-services.js';
import { startLastingWorker } from '../worker/lasting-worker.js';
import { keepLine } from './line.js';
import { keepSchedules, tellFirstSteps } from './schedules.js';
import { startTemporal } from './temporal.js';

/** `holdfast up`: Temporal, a worker and the schedules on this machine, until it is told to stop. */
export async function upCommand(bare: CommandContext, options: LastingOptions): Promise<number> {
  const claimed = await claim(bare.temporalOptions.stateDir);
  if ('pid' in claimed) throw alreadyUp(bare, claimed);
  const line = createStatusLine(process.stderr, bare.output.isTerminal && !bare.output.quiet);
  try {
    const context = aboveLine(bare, line);
    const services = await startServices(context, options);
    return await keepUp(context, services, claimed, line).finally(() => services.close());
  } finally {
    line.stop();
    await claimed.release();
  }
}

async function keepUp(
  context: CommandContext,
  services: LastingServices,
  claimed: Claim,
  line: StatusLine,
): Promise<number> {
  const ending = untilEnding(context);
  const place = await startTemporal(context, ending.giveUp);
  try {
    claimed.tell({ address: place.address, ...(place.uiAddress && { uiAddress: place.uiAddress }) });
    const worker = await startLastingWorker(context, place, services);
    try {
      tellPlace(context, place);
      await keepSchedules(context, place);
      void tellFirstSteps(context, place);
      const stopDrawing = keepLine(context, place, line);
      await Promise.race([ending.promise, worker.finished]).finally(stopDrawing);
    } finally {
      await worker.stop();
    }
  } finally {
    ending.stopListening();
    await place.close();
  }
  context.output.note('stopped; what had begun goes on at the next start');
  return 0;
}

/** Settles when somebody asks for the end, rejects when there can be no going on. */
function untilEnding({ output }: CommandContext) {
  let giveUp: (reason: HoldfastError) => void = () => undefined;
  let stopListening: () => void = () => undefined;
  const promise = new Promise<void>((resolve, reject) => {
    giveUp = reject;
    stopListening = onInterrupt(() => {
      output.note('stopping: dumps end, and leave no partial file; once more to leave at once');
      resolve();
    });
  });
  promise.catch(() => undefined);
  return { promise, giveUp, stopListening };
}

function tellPlace({ config, output }: CommandContext, { address, source, uiAddress }: TemporalPlace): void {
  const how = source === 'configured' ? ' (configured)' : '';
  output.note(`working for host "${printable(config.host)}" on Temporal at ${address}${how}`);
  if (uiAddress) output.note(`Web UI: ${uiAddress}`);
  const elsewhere = Object.values(config.clusters).filter(({ host }) => host !== config.host);
  for (const { name, host } of elsewhere)
    output.note(`cluster ${printable(name)} is for host "${printable(host)}": run \`holdfast worker\` there`);
}

/** The same context, its output and logs above the line. */
function aboveLine(context: CommandContext, { above }: StatusLine): CommandContext {
  const { json, quiet, verbose, color } = context.output;
  const output = createOutput({ json, quiet, verbose, color, stdout: above, stderr: above });
  const logOptions: LoggerOptions = { ...context.logOptions, stream: above };
  const temporalOptions = {
    ...context.temporalOptions,
    onProgress: (message: string) => output.note(message),
  };
  return { ...context, output, logOptions, temporalOptions };
}

function alreadyUp({ config }: CommandContext, { pid, since, address }: Claimant): HoldfastError {
  const where = address ? `, Temporal at ${address}` : ', still starting Temporal';
  const which = pid > 0 ? `process ${pid}, begun ${age(since)}${where}` : 'a process that does not answer';
  return new HoldfastError('AlreadyRunning', {
    attempted: `keep the repository ${config.backupDir} at work`,
    cause: `holdfast up does so already: ${which}`,
    remedy: '`holdfast status` tells what it does; end it first to start it anew',
  });
}
