import type { MonitorInput, MonitorStatus, MonitorStep } from '../src/domain/health/contracts.js';
import { detailsOf, markdownSafe } from './details.js';

const steps: MonitorStep[] = ['gather', 'judge', 'tell', 're-read', 'deliver', 'done'];

/** The run's current details in Temporal's Web UI: the step, the figures known so far. */
export function describeLook(input: MonitorInput, status: MonitorStatus): string {
  const figures: [string, string | undefined][] = [
    ['cluster', `\`${markdownSafe(input.cluster)}\``],
    ['asked by', markdownSafe(input.requester)],
    ['databases', status.databases?.toString()],
    ['critical', status.critical?.toString()],
    ['warnings', status.warning?.toString()],
    ['re-read bytes', status.rereadBytes?.toString()],
  ];
  return detailsOf(steps, status.step, figures);
}
