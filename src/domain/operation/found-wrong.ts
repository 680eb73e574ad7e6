import type { BackUpClusterResult } from '../backup/cluster-contracts.js';
import { workflowTypes } from '../contracts.js';
import { counted } from '../counts.js';
import type { DrillResult } from '../drill/contracts.js';
import type { MonitorResult } from '../health/contracts.js';
import { wrongWith } from '../wal/archive-news.js';
import type { ArchiveReport } from '../wal/archive-report.js';

/** What a run found wrong that came to its end all the same, by its result; null where that tells of nothing. */
export function foundWrong(type: string, result: unknown): string | null {
  if (type === workflowTypes.drillCluster) return ofDrill(result as DrillResult);
  if (type === workflowTypes.backUpCluster) return ofBackups(result as BackUpClusterResult);
  if (type === workflowTypes.monitorBackups) return ofLook(result as MonitorResult);
  if (type === workflowTypes.walCycle)
    return wrongWith((result as { archive: ArchiveReport }).archive)?.message ?? null;
  return null;
}

function ofDrill({ totals: { drilled, failed }, outcomes }: DrillResult): string | null {
  const first = outcomes.find(({ error }) => error !== null);
  if (!first?.error) return null;
  const name = first.database ?? 'point in time';
  return `${failed} of ${counted(drilled, 'restore')} failed, as ${name}: ${first.error.message}`;
}

function ofBackups({ total, failed, entries }: BackUpClusterResult): string | null {
  const first = entries.find(({ error }) => error !== undefined);
  if (!first?.error) return null;
  return `${failed} of ${counted(total, 'database')} failed, as ${first.database}: ${first.error.message}`;
}

function ofLook({ counts, findings }: MonitorResult): string | null {
  const worst = findings.find(({ state }) => state === 'critical');
  if (!worst) return null;
  const name = worst.database ? `${worst.database}: ` : '';
  return `${counts.critical} critical, as ${name}${worst.message}`;
}
