import { counted } from '../../src/domain/counts.js';
import type {
  CarriedDrill,
  DrillInput,
  DrillOutcome,
  DrillStatus,
  DrillStep,
  DrillTellings,
  DrillTotals,
} from '../../src/domain/drill/contracts.js';
import { duration } from '../../src/domain/durations.js';
import { bytes } from '../../src/domain/sizes.js';
import type { Untimed } from '../alerts.js';
import { detailsOf, markdownSafe } from '../details.js';

const steps: DrillStep[] = [
  ...(['clear', 'plan', 'resolve', 'verify artifact', 'inspect', 'create scratch', 'load'] as const),
  ...(['prove', 'drop', 'recover', 'done'] as const),
];

/** Rows of the table that the Web UI shows: its text has 20 kB at most. */
const shownOutcomes = 40;

/** How an outcome is called. */
export function nameOf(database: string | null): string {
  return database ?? 'point in time';
}

/** The drill's current details in Temporal's Web UI: where it is, and what it found, the latest first. */
export function describeDrill(
  { cluster, requester }: DrillInput,
  { step, database, backupId, totals }: DrillStatus,
  { outcomes }: CarriedDrill,
): string {
  const details = detailsOf(steps, step, [
    ['cluster', `\`${markdownSafe(cluster)}\``],
    ['asked by', markdownSafe(requester)],
    ['database', database === undefined ? undefined : markdownSafe(database)],
    ['backup', backupId === undefined ? undefined : markdownSafe(backupId)],
    ['drilled', `${counted(totals.drilled, 'restore')}, ${totals.failed} failed`],
  ]);
  const rows = outcomes.slice(-shownOutcomes).reverse().map(row);
  const header = [
    '| drilled | backup | size | tables | rows | load | proof | a GB |',
    '|---|---|---:|---:|---:|---:|---:|---:|',
  ];
  return [details, ...(rows.length > 0 ? ['', ...header, ...rows] : [])].join('\n');
}

function row({ database, backup, proof, seconds, secondsPerGb, error }: DrillOutcome): string {
  const name = markdownSafe(nameOf(database));
  if (error) return `| **${name}** | failed: ${markdownSafe(error.message.slice(0, 200))} | | | | | | |`;
  const cells = [
    ...[name, markdownSafe(backup?.id ?? ''), bytes(proof?.sizeBytes ?? 0), `${proof?.tables ?? ''}`],
    ...[`${proof?.rows ?? ''}`, duration(seconds.load), duration(seconds.prove)],
    secondsPerGb === null ? '' : duration(secondsPerGb),
  ];
  return `| ${cells.join(' | ')} |`;
}

/** What is told at the end of a drill: that restores failed, and which; that others are proven again. */
export function alertsOfDrill(
  cluster: string,
  totals: DrillTotals,
  { failed, recovered }: DrillTellings,
): Untimed[] {
  const run = { type: 'restore_drill', cluster, database: '' } as const;
  const metrics = {
    ...{ drilled: totals.drilled, failed: totals.failed },
    ...{ size_bytes: totals.sizeBytes, seconds: Math.round(totals.seconds) },
  };
  const again = recovered.length > 0 ? `; proven again: ${recovered.join(', ')}` : '';
  if (totals.failed > 0) {
    const more = totals.failed - failed.length;
    const list = `${failed.join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
    const message = `restore drill of cluster ${cluster}: ${totals.failed} failed: ${list}${again}`;
    return [{ ...run, priority: 'critical', message: message.slice(0, 4000), metrics }];
  }
  const message = `restore drill of cluster ${cluster}: ${counted(totals.drilled, 'restore')} proven${again}`;
  return [{ ...run, priority: 'info', message, metrics }];
}
