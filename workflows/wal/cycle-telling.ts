import { archiveNews, type ToldArchive, wrongWith } from '../../src/domain/wal/archive-news.js';
import type { ArchiveReport } from '../../src/domain/wal/archive-report.js';
import type {
  ArchivingState,
  WalCycleInput,
  WalCycleStatus,
  WalCycleStep,
} from '../../src/domain/wal/contracts.js';
import type { Untimed } from '../alerts.js';
import { detailsOf, markdownSafe } from '../details.js';

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

/** What is to be told of an archive, now and by the next cycle. */
export function newsOfArchive(
  cluster: string,
  { told: last = null, reminderHours = 24 }: ArchivingState,
  report: ArchiveReport,
): { alert?: Untimed; told: ToldArchive | null } {
  const { message, told } = archiveNews(last, wrongWith(report), new Date(), reminderHours);
  if (message === undefined) return { told };
  const alert: Untimed = {
    ...{ type: 'wal_archive', priority: told?.priority ?? 'info', message, cluster, database: '' },
    ...(told ? { remedy } : last && { ends: last.priority }),
    metrics: { segments: report.segments, gaps: report.gaps.total },
  };
  return { alert, told };
}

const remedy =
  '`holdfast wal --base` takes a base backup, from which on every point can be recovered to; `holdfast info` shows from when to when it is possible now';
