import { requesterBarredBecause } from '../src/domain/approval.js';
import type { RestoreInput, RestoreStatus, RestoreStep } from '../src/domain/restore-contracts.js';

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
  const path = (status.inPlace ? stepsInPlace : steps)
    .map((step) => (step === status.step ? `**${step}**` : step))
    .join(' → ');
  const facts = [
    `Restore of database \`${safe(input.target)}\` in cluster \`${safe(input.cluster)}\`, asked for by ${safe(input.requester)}`,
    ...(input.reason ? [`Why: ${safe(input.reason)}`] : []),
    ...(status.backupId && !status.evidence ? [`Backup: \`${safe(status.backupId)}\``] : []),
  ];
  return [path, '', ...facts.flatMap((fact) => [fact, '']), ...waiting(status)].join('\n');
}

function waiting({ step, approval, evidence, requester }: RestoreStatus): string[] {
  if (step !== 'await approval' || !approval) return [];
  const people = approval.missing === 1 ? '1 approval' : `${approval.missing} approvals`;
  const last = approval.record.at(-1);
  const barred = requesterBarredBecause(approval.policy);
  return [
    `## Waits for ${people} until ${approval.deadline.slice(0, 16).replace('T', ' ')} UTC`,
    ...(barred
      ? [`**${barred}**: somebody other than ${safe(requester)} must approve, and say why.`, '']
      : []),
    'To decide, run `holdfast approve` or `holdfast reject`, or choose *More Actions*, *Send an Update* here:',
    '`approve` or `reject`, and as its data, with your name and your reason between the empty quotes:',
    '',
    '```json',
    '{"approver": "", "reason": "", "evidence":',
    ` "${evidence?.digest ?? ''}"}`,
    '```',
    '',
    ...approval.approvals.map(({ approver, at }) => `- approved by ${safe(approver)} at ${at}`),
    ...(last?.refusedBecause
      ? [`- refused: ${last.kind} by ${safe(last.approver)}: ${safe(last.refusedBecause)}`]
      : []),
    '',
    evidence?.markdown ?? '',
  ];
}

/** A name from outside, so that it can't draw links or break lines. */
function safe(text: string): string {
  return text.slice(0, 300).replace(/[\p{Cc}`|<>[\]\\]/gu, ' ');
}
