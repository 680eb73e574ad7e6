import { setTimeout as delay } from 'node:timers/promises';
import { workflowTypes } from '../../domain/contracts.js';
import type { TemporalPlace } from '../../temporal/connection.js';
import { type RunningOperation, runningOperations } from '../../temporal/look-at-work.js';
import { type NextRun, nextRuns } from '../../temporal/next-runs.js';
import { ownerOf } from '../../temporal/schedules/read.js';
import type { CommandContext } from '../context.js';
import { age, printable } from '../output/format.js';
import type { StatusLine } from '../output/status-line.js';
import { operationName, stepOf } from '../status/running-words.js';

const lookEveryMs = 1_000;
const nextEveryMs = 15_000;

/** More is not said of than how many there are. */
const lookAtMost = 50;

/** Keeps the line at a terminal's foot: what runs, what is next, where the Web UI is. @returns a function that ends it */
export function keepLine(
  { config, output }: CommandContext,
  { client, uiAddress }: TemporalPlace,
  line: StatusLine,
): () => void {
  if (!output.isTerminal || output.quiet) return () => undefined;
  const ended = new AbortController();
  void (async () => {
    let next: NextRun[] = [];
    for (let at = 0, nextAt = 0; !ended.signal.aborted; at = performance.now()) {
      try {
        if (at >= nextAt) {
          next = await nextRuns(client, ownerOf(config));
          nextAt = performance.now() + nextEveryMs;
        }
        const words = [runs(await runningOperations(client, lookAtMost)), upcoming(next), uiAddress];
        if (!ended.signal.aborted) line.show(words.filter(Boolean).join(' · '));
      } catch {
        if (!ended.signal.aborted) line.show('Temporal does not answer');
      }
      await delay(lookEveryMs, undefined, { signal: ended.signal }).catch(() => undefined);
    }
  })();
  return () => {
    ended.abort();
    line.stop();
  };
}

/** Streams and what is kept go on for ever, and are not what a person waits for. */
const lasting: ReadonlySet<string> = new Set([workflowTypes.walStream, workflowTypes.keepPrevious]);

function runs(running: readonly RunningOperation[]): string {
  const waitedFor = running.filter(({ type }) => !lasting.has(type));
  // Of a cluster's backup and its databases', theirs tell more.
  const [first = waitedFor[0], ...others] = waitedFor.filter(({ database }) => database !== '');
  if (!first) return 'nothing runs';
  const step = stepOf(first);
  const more = others.length > 0 ? `, and ${others.length} more` : '';
  const what = `${operationName(first.type)} of ${printable(first.database || first.cluster)}`;
  return `${what}${step && `: ${step}`}${more}`;
}

function upcoming([first]: readonly NextRun[]): string {
  return first ? `next ${printable(first.name)} ${age(first.at)}` : '';
}
