import type { RestoreInput, RestoreStatus, RestoreStep } from '../../src/domain/restore/contracts.js';
import { waitingDetails } from '../approval-details.js';
import { markdownSafe, stepPath } from '../details.js';

const steps: RestoreStep[] = [
  'resolve',
  'verify artifact',
  'inspect target',
  'create staging',
  'load',
  'prove',
  'await approval',
  'swap',
  'summary',
  'done',
];

const stepsInPlace: RestoreStep[] = [
  ...steps.slice(0, steps.indexOf('load')),
  ...(['await approval', 'drop target', 'load', 'prove', 'swap', 'summary', 'done'] as const),
];

/** The run's current details in Temporal's Web UI: the step, what it waits for, and the evidence while it does. */
export function describeRestore(input: RestoreInput, status: RestoreStatus): string {
  const path = stepPath(status.inPlace ? stepsInPlace : steps, status.step);
  const facts = [
    `Restore of database \`${markdownSafe(input.target)}\` in cluster \`${markdownSafe(input.cluster)}\`, asked for by ${markdownSafe(input.requester)}`,
    ...(input.reason ? [`Why: ${markdownSafe(input.reason)}`] : []),
    ...(status.backupId && !status.evidence ? [`Backup: \`${markdownSafe(status.backupId)}\``] : []),
  ];
  return [path, '', ...facts.flatMap((fact) => [fact, '']), ...waitingDetails(status)].join('\n');
}
