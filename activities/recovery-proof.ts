import { access, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cancellationSignal } from '@temporalio/activity';
import { assertionsOf } from '../src/config/restoring.js';
import type { AssertionResult } from '../src/domain/assertion.js';
import { HoldfastError } from '../src/domain/errors.js';
import { evidenceDigest } from '../src/domain/evidence.js';
import type { AmcheckResult, RecoveredDatabase, RecoveryProof } from '../src/domain/recovery-contracts.js';
import type { RecoveryEvidence, StandingCluster } from '../src/domain/recovery-evidence.js';
import { recoveryEvidenceMarkdown } from '../src/domain/recovery-evidence-markdown.js';
import { describeTarget } from '../src/domain/recovery-target.js';
import { type Logger, writeOperationDocument } from '../src/log.js';
import { amcheckAll, findAmcheck } from '../src/postgres/recovery/amcheck.js';
import { readControlData } from '../src/postgres/recovery/control-data.js';
import { unmark } from '../src/postgres/recovery/folder-mark.js';
import { listRecovered } from '../src/postgres/recovery/list-recovered.js';
import { type Postmaster, runningPostmaster, stopServer } from '../src/postgres/recovery/postmaster.js';
import { connectionTo } from '../src/postgres/recovery/replay-state.js';
import { findServerPrograms } from '../src/postgres/recovery/server-programs.js';
import { inspectStanding, sizeOnDisk } from '../src/postgres/recovery/standing-cluster.js';
import { checkAssertions } from '../src/postgres/restore/assertions.js';
import { sha256 } from '../src/sha256.js';
import { type ActivityDeps, clusterOf, runOf } from './deps.js';
import { attemptedBy, loggedRecovery, type PlannedStep, type Recovered } from './recovery-step.js';

/** What looking into a recovered cluster tells; what its folder does is added when its server has stopped. */
export type LookedInto = Omit<RecoveryProof, keyof Finished>;

/** What the folder tells once nothing more is asked of the server. */
export type Finished = Pick<RecoveryProof, 'state' | 'checkpointLsn' | 'hasSettings'>;

export interface RecoveryEvidenceStep extends PlannedStep {
  recovered: Recovered;
  proof: RecoveryProof;
}

/** What people are asked to agree to. */
export interface RecoveryQuestion {
  digest: string;
  /** Below 20 kB. */
  markdown: string;
  /** Full path of the evidence, whole, on its host. */
  path: string;
  /** The cluster that gives way, as they are shown it. */
  standing: StandingCluster;
}

const toldDatabases = 100;
const toldAssertions = 20;

/** Steps that prove what was recovered. */
export function createRecoveryProofActivities(deps: ActivityDeps) {
  return {
    /** Looks into every database of the recovered cluster: the user's assertions, and `pg_amcheck` where it is asked for. */
    async proveRecovered({ amcheck, ...step }: PlannedStep & { amcheck: boolean }): Promise<LookedInto> {
      return loggedRecovery(deps, step, 'prove', (log) => lookInto(deps, step, amcheck, log));
    },

    /**
     * Stops a server that nobody is to wait at. What was recovered into its own folder is from here on no more Holdfast's
     * to remove; what is to take another's place is, until it has.
     */
    async finishRecovered(step: PlannedStep): Promise<Finished> {
      return loggedRecovery(deps, step, 'finish', () => finish(deps, step));
    },

    /** Describes the cluster that is to give way beside the one that was proven, and keeps the evidence in `logs/`. */
    async gatherRecoveryEvidence(step: RecoveryEvidenceStep): Promise<RecoveryQuestion> {
      return loggedRecovery(deps, step, 'evidence', (log) => gather(deps, step, log));
    },
  };
}

async function lookInto(
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

async function finish(deps: ActivityDeps, { plan, action }: PlannedStep): Promise<Finished> {
  const { workDir, tablespaces } = plan;
  if (action !== 'pause') await stopServer(workDir);
  const programs = await findServerPrograms(plan.base.pgMajor, deps.config.pgBinDir);
  const { state, checkpointLsn } = await readControlData(programs, workDir);
  // `pg_ctl restart` would start it with what the private server was started with.
  await rm(join(workDir, 'postmaster.opts'), { force: true });
  if (!plan.replaces)
    for (const path of [...tablespaces.map((each) => each.path), workDir]) await unmark(path);
  const hasSettings = await access(join(workDir, 'postgresql.conf')).then(
    () => true,
    () => false,
  );
  return { state, checkpointLsn, hasSettings };
}

async function gather(
  deps: ActivityDeps,
  step: RecoveryEvidenceStep,
  log: Logger,
): Promise<RecoveryQuestion> {
  const standing = await inspectStanding(attemptedBy(step), step.dataDir, deps.config.pgBinDir);
  const sizeBytes = await sizeOnDisk(standing, cancellationSignal());
  const evidence = evidenceOf(step, standing, sizeBytes);
  const digest = evidenceDigest(evidence, sha256);
  const { workflowId, runId } = runOf();
  const { cluster, startedAt } = step;
  const id = { cluster, workflowId, runId, startedAt: new Date(startedAt) };
  const { repositoryPath } = clusterOf(deps, cluster);
  const path = writeOperationDocument(repositoryPath, 'recovery-evidence', id, { digest, evidence });
  log.info({ digest, path }, `evidence ${digest}`);
  return { digest, markdown: recoveryEvidenceMarkdown(evidence, digest), path, standing };
}

function evidenceOf(
  { plan, recovered, proof, cluster, target }: RecoveryEvidenceStep,
  standing: StandingCluster,
  sizeBytes: number | null,
): RecoveryEvidence {
  const { systemIdentifier } = plan.base;
  const isSameCluster =
    standing.systemIdentifier === null ? null : standing.systemIdentifier === systemIdentifier;
  const { stopReason, replayedTo, replayedLsn, timeline, segments } = recovered;
  const { databases, databaseCount, state, assertions, amcheck } = proof;
  return {
    cluster,
    standing: { ...standing, sizeBytes, previous: plan.replaces?.previous ?? '', isSameCluster },
    recovered: {
      ...{ path: plan.workDir, base: plan.base.id, systemIdentifier, target: describeTarget(target) },
      ...{ stopReason, replayedTo, replayedLsn, timeline, segments, state, databases, databaseCount },
      tablespaces: plan.tablespaces.map(({ path }) => path),
    },
    ...{ window: plan.window, assertions, amcheck },
    warnings: [
      ...plan.warnings,
      ...(amcheck?.skipped ?? []).map(({ database, why }) => `${database}: ${why}`),
    ],
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
