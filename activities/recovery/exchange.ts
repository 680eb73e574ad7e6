import type { RecoveryProof } from '../../src/domain/recovery/contracts.js';
import type { StandingCluster } from '../../src/domain/recovery/evidence.js';
import { refused } from '../../src/postgres/recovery/claim-folder.js';
import { readControlData } from '../../src/postgres/recovery/control-data.js';
import {
  exchangeFolders,
  type FolderExchange,
  settleExchange,
} from '../../src/postgres/recovery/exchange-folders.js';
import { unmark } from '../../src/postgres/recovery/folder-mark.js';
import { stopServer } from '../../src/postgres/recovery/postmaster.js';
import { findServerPrograms } from '../../src/postgres/recovery/server-programs.js';
import { inspectStanding } from '../../src/postgres/recovery/standing-cluster.js';
import { type ActivityDeps, runOf } from '../deps.js';
import { attemptedBy, loggedRecovery, type PlannedStep } from './step.js';

/** A recovered cluster takes the place of the one that people were shown. */
export interface ExchangeStep extends PlannedStep {
  approved: StandingCluster;
  proven: Pick<RecoveryProof, 'state' | 'checkpointLsn'>;
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

/** People agreed to lose what they were shown, and no more, for what was proven, and nothing else. */
async function requireUnchanged(deps: ActivityDeps, step: ExchangeStep): Promise<void> {
  const attempted = attemptedBy(step);
  const { approved, proven, dataDir, action, plan } = step;
  const { pgBinDir } = deps.config;
  const now = await inspectStanding(attempted, dataDir, pgBinDir);
  const facts = ['identity', 'systemIdentifier', 'checkpointLsn', 'state', 'unreadable'] as const;
  const wentOn = (path: string, since: string) =>
    refused(attempted, path, `its cluster went on since it was ${since}`, 'recover again to ask again');
  if (!facts.every((fact) => now[fact] === approved[fact])) throw wentOn(dataDir, 'shown');
  const recovered = await readControlData(
    await findServerPrograms(plan.base.pgMajor, pgBinDir),
    plan.workDir,
  );
  // One that waited until now was stopped just before.
  const isProven =
    action === 'pause'
      ? ['in archive recovery', 'shut down in recovery'].includes(recovered.state)
      : recovered.state === proven.state && recovered.checkpointLsn === proven.checkpointLsn;
  if (!isProven) throw wentOn(plan.workDir, 'proven');
}
