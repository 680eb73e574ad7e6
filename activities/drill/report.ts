import type { DrillOutcome, DrillTotals } from '../../src/domain/drill/contracts.js';
import { addToReport } from '../../src/log.js';
import { rememberDrill } from '../../src/repository/drill-memory.js';
import type { ClusterStep } from '../cluster-step.js';
import { type ActivityDeps, clusterOf, runOf } from '../deps.js';
import { loggedDrill } from './step.js';

export interface RecordDrillsStep extends ClusterStep {
  requester: string;
  /** The drill's first run, which names its report. */
  firstRunId: string;
  outcomes: DrillOutcome[];
  totals: DrillTotals;
}

export interface RecordedDrills {
  /** Full path of the report. */
  path: string;
  /** What had failed the time before, and is proven now: a database's name, null for a point in time. */
  recovered: (string | null)[];
}

/** Where a point in time stands among the entries of a report: no database has this name. */
const pointInTimeEntry = '';

/** The step that keeps what drills found. */
export function createDrillReportActivities(deps: ActivityDeps) {
  return {
    /** Adds outcomes to the report in `logs/`, and to what is remembered for trends. */
    async recordDrills(step: RecordDrillsStep): Promise<RecordedDrills> {
      return loggedDrill(deps, step, 'record', async (log) => {
        const { cluster, startedAt, requester, firstRunId: runId, outcomes, totals } = step;
        const { repositoryPath } = clusterOf(deps, cluster);
        const recovered: (string | null)[] = [];
        for (const outcome of outcomes) {
          const before = await rememberDrill(repositoryPath, outcome);
          if (before?.ok === false && outcome.error === null) recovered.push(outcome.database);
        }
        const id = { cluster, workflowId: runOf().workflowId, runId, startedAt: new Date(startedAt) };
        const entries = Object.fromEntries(
          outcomes.map((outcome) => [outcome.database ?? pointInTimeEntry, outcome]),
        );
        const head = { cluster, requester, startedAt, totals };
        const path = addToReport(repositoryPath, 'drill-report', id, { head, entries });
        log.info({ path, totals }, `drilled ${totals.drilled}, of which ${totals.failed} failed`);
        return { path, recovered };
      });
    },
  };
}
