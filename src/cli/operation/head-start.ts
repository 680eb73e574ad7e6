import { locateTemporal } from '../../temporal/locate.js';
import type { CommandContext } from '../context.js';

/**
 * Begins the search for Temporal before the command itself is loaded: what starts in a process of its own, an
 * embedded server, does so while Temporal's client loads here.
 */
export async function withHeadStart(context: CommandContext): Promise<CommandContext> {
  const { temporalOptions } = context;
  let startedServer = false;
  let underway = () => {};
  const isUnderway = new Promise<void>((resolve) => {
    underway = resolve;
  });
  const location = locateTemporal({
    ...temporalOptions,
    onUnderway: (startedHere) => {
      startedServer = startedHere;
      underway();
    },
  });
  // What went wrong is told to whoever waits for the location.
  await Promise.race([isUnderway, location.catch(() => undefined)]);
  return { ...context, temporalOptions: { ...temporalOptions, begun: { location, startedServer } } };
}
