import type { StandingCluster } from '../src/domain/recovery-evidence.js';
import { refused } from '../src/postgres/recovery/claim-folder.js';
import {
  exchangeFolders,
  type FolderExchange,
  settleExchange,
} from '../src/postgres/recovery/exchange-folders.js';
import { unmark } from '../src/postgres/recovery/folder-mark.js';
import { stopServer } from '../src/postgres/recovery/postmaster.js';
import { inspectStanding } from '../src/postgres/recovery/standing-cluster.js';
import { type ActivityDeps, runOf } from './deps.js';
import { attemptedBy, loggedRecovery, type PlannedStep } from './recovery-step.js';

/** A recovered cluster takes the place of the one that people were shown. */
export interface ExchangeStep extends PlannedStep {
  approved: StandingCluster;
}

/** Steps that put a recovered cluster in the place of another. */
export function createRecoveryExchangeActivities(deps: ActivityDeps) {
  return {
    /** Moves the cluster aside that gives way, and gives its name to the recovered one. */
    async exchangeFolders(step: ExchangeStep): Promise<void> {
      await loggedRecovery(deps, step, 'exchange', async (log) => {
        const exchange = exchangeOf(step);
        await stopServer(exchange.recovered);
        await exchangeFolders(exchange, () => requireUnchanged(deps, step));
        for (const { path } of step.plan.tablespaces) await unmark(path);
        log.success({ previous: exchange.previous }, `${step.dataDir} is the recovered cluster`);
      });
    },

    /** After an exchange that failed: finds it done, or takes it back. */
    async settleFolders(step: ExchangeStep): Promise<'done' | 'undone'> {
      return loggedRecovery(deps, step, 'settle exchange', async (log) => {
        const outcome = await settleExchange(exchangeOf(step));
        if (outcome === 'done') for (const { path } of step.plan.tablespaces) await unmark(path);
        log.info({ outcome }, `the exchange is ${outcome}`);
        return outcome;
      });
    },
  };
}

function exchangeOf({ dataDir, plan, approved }: ExchangeStep): FolderExchange {
  return {
    ...{ dataDir, recovered: plan.workDir, previous: plan.replaces?.previous ?? '' },
    ...{ approved: approved.identity, runId: runOf().runId },
  };
}

/** People agreed to lose what they were shown, and no more. */
async function requireUnchanged(deps: ActivityDeps, step: ExchangeStep): Promise<void> {
  const attempted = attemptedBy(step);
  const { approved, dataDir } = step;
  const now = await inspectStanding(attempted, dataDir, deps.config.pgBinDir);
  const facts = ['identity', 'systemIdentifier', 'checkpointLsn', 'state', 'unreadable'] as const;
  if (facts.every((fact) => now[fact] === approved[fact])) return;
  const cause = 'its cluster went on since it was shown';
  throw refused(attempted, dataDir, cause, 'leave it stopped, and recover again to ask again');
}
