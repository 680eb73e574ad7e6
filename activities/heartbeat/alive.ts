import { heartbeat } from '@temporalio/activity';

const beatEveryMs = 1_000;

/**
 * Wraps a step of seconds so that the death of its worker is noticed in seconds, too. How long it may take all in
 * all is bounded by its start-to-close timeout, so these beats need not tell progress.
 */
export function beatWhileAlive<Input extends unknown[], Output>(
  activity: (...input: Input) => Promise<Output>,
): (...input: Input) => Promise<Output> {
  return async (...input) => {
    const timer = setInterval(heartbeat, beatEveryMs);
    try {
      return await activity(...input);
    } finally {
      clearInterval(timer);
    }
  };
}
