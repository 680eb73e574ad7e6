import { createInterface } from 'node:readline/promises';

/** Whether a person can be asked. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

const tries = 3;

/** Asks for `wanted` to be typed; whether it was. Ends unanswered when `over`, and at Ctrl-C and Ctrl-D. */
export async function askToType(wanted: string, question: string, over?: AbortSignal): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const closed = new AbortController();
  lines.once('close', () => closed.abort());
  // The terminal gives Ctrl-C to whoever asks; what it means to the command is the command's own business.
  lines.once('SIGINT', () => {
    lines.close();
    process.kill(process.pid, 'SIGINT');
  });
  const signal = over ? AbortSignal.any([over, closed.signal]) : closed.signal;
  try {
    for (let left = tries; left > 0; left -= 1) {
      const answer = await lines.question(question, { signal });
      if ([answer, answer.trim()].includes(wanted)) return true;
    }
  } catch {
    // Decided elsewhere meanwhile, or the input ended.
  } finally {
    lines.close();
  }
  return false;
}
