import { type ArchiveReport, isWhole } from '../src/domain/archive-report.js';
import type { WalCycleInput, WalCycleStatus, WalCycleStep } from '../src/domain/wal-contracts.js';
import type { Untimed } from './alerts.js';
import { detailsOf, markdownSafe } from './details.js';

const steps: WalCycleStep[] = [
  'inspect',
  'switch',
  'await archived',
  'verify archive',
  'base backup',
  'expire',
  'compress',
  'record',
  'done',
];

/** The run's current details in Temporal's Web UI: the step, the figures known so far. */
export function describeCycle(input: WalCycleInput, status: WalCycleStatus): string {
  const figures: [string, string | undefined][] = [
    ['cluster', `\`${markdownSafe(input.cluster)}\``],
    ['asked by', markdownSafe(input.requester)],
    ['timeline', status.timeline?.toString()],
    ['awaited', status.awaited],
    ['segments', status.segments?.toString()],
    ['gaps', status.gaps?.toString()],
    ['base backup', status.base],
  ];
  return detailsOf(steps, status.step, figures);
}

/** What is to be told of an archive that is not whole; undefined of one that is. */
export function alertOfArchive(cluster: string, report: ArchiveReport): Untimed | undefined {
  if (isWhole(report)) return undefined;
  const { gaps, damaged, foreign } = report;
  const [gap] = gaps.items;
  const found = [
    gap && `${gaps.total} gaps, the first from ${gap.firstMissing} to ${gap.lastMissing}`,
    damaged.items[0] && `${damaged.total} damaged, the first ${damaged.items[0].file}`,
    foreign.items[0] && `${foreign.total} of another cluster, the first ${foreign.items[0].file}`,
  ].filter((words) => words !== undefined);
  return {
    type: 'wal_archive',
    // A gap that a base backup has mended costs the points within it, and no others.
    priority: report.needsBase || damaged.total + foreign.total > 0 ? 'critical' : 'high',
    message: `the WAL archive is not whole: ${found.join('; ')}`,
    cluster,
    database: '',
    metrics: { segments: report.segments, gaps: gaps.total },
  };
}
