import { cancellationSignal } from '@temporalio/activity';
import { assertionsOf } from '../../src/config/restoring.js';
import { HoldfastError } from '../../src/domain/errors.js';
import type { AmcheckResult, RecoveredDatabase, RecoveryProof } from '../../src/domain/recovery/contracts.js';
import type { AssertionResult } from '../../src/domain/restore/assertion.js';
import type { Logger } from '../../src/log.js';
import { amcheckAll, findAmcheck } from '../../src/postgres/recovery/amcheck.js';
import { listRecovered } from '../../src/postgres/recovery/list-recovered.js';
import { type Postmaster, runningPostmaster } from '../../src/postgres/recovery/postmaster.js';
import { connectionTo } from '../../src/postgres/recovery/replay-state.js';
import { findServerPrograms } from '../../src/postgres/recovery/server-programs.js';
import { checkAssertions } from '../../src/postgres/restore/prove/assertions.js';
import { type ActivityDeps, clusterOf } from '../deps.js';
import { attemptedBy, type PlannedStep } from './step.js';

/** What looking into a recovered cluster tells; what its folder does is added when its server has stopped. */
export type LookedInto = Omit<RecoveryProof, keyof Finished>;

/** What the folder tells once nothing more is asked of the server. */
export type Finished = Pick<RecoveryProof, 'state' | 'checkpointLsn' | 'hasSettings'>;

const toldDatabases = 100;
const toldAssertions = 20;

/** Asks the recovered cluster's server about every database of it. */
export async function lookInto(
  deps: ActivityDeps,
  { plan, ...step }: PlannedStep,
  amcheck: boolean,
  log: Logger,
): Promise<LookedInto> {
  const server = await runningPostmaster(plan.workDir);
  if (!server) throw serverGone(attemptedBy(step));
  const { bootstrapRole: role, pgMajor } = plan.base;
  const databases = await listRecovered(server, role);
  const assertions = await ask(deps, step.cluster, { server, role, databases });
  const checked = amcheck ? await runAmcheck(deps, pgMajor, server, role) : null;
  log.info({ databases, assertions, amcheck: checked }, `${databases.length} databases were looked into`);
  return {
    ...{ databases: databases.slice(0, toldDatabases), databaseCount: databases.length },
    ...{ assertions: assertions.slice(0, toldAssertions), assertionCount: assertions.length },
    amcheck: checked,
  };
}

interface Reachable {
  server: Postmaster;
  role: string;
  databases: RecoveredDatabase[];
}

/** Those of each database that is there. */
async function ask(
  deps: ActivityDeps,
  cluster: string,
  { server, role, databases }: Reachable,
): Promise<AssertionResult[]> {
  const signal = cancellationSignal();
  const results: AssertionResult[] = [];
  for (const { name } of databases) {
    const asked = assertionsOf(clusterOf(deps, cluster), name);
    const found = await checkAssertions(connectionTo(server, role), name, asked, { signal });
    results.push(...found.map((result) => ({ ...result, name: `${name}: ${result.name}` })));
  }
  const failed = results.filter(({ ok }) => !ok);
  if (failed.length === 0) return results;
  const told = failed
    .slice(0, 5)
    .map(({ name, found, expected }) => `assertion "${name}": found ${found}, expected ${expected}`);
  throw new HoldfastError('RestoreUnproven', {
    attempted: `prove what was recovered of cluster "${cluster}"`,
    cause: `${told.join('; ')}${failed.length > 5 ? `; and ${failed.length - 5} more` : ''}`,
    remedy: 'recover to another time, or change what holdfast.yaml asserts',
  });
}

async function runAmcheck(
  deps: ActivityDeps,
  pgMajor: number,
  server: Postmaster,
  role: string,
): Promise<AmcheckResult> {
  const program = await findAmcheck(await findServerPrograms(pgMajor, deps.config.pgBinDir));
  return amcheckAll({ program, server, role, signal: cancellationSignal(), onDatabase: () => {} });
}

function serverGone(attempted: string): HoldfastError {
  return new HoldfastError('RecoveryFailed', {
    attempted,
    cause: 'the server that recovered it runs no more',
    remedy: 'find out what ended it, and recover again',
  });
}
