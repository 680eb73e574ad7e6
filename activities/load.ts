import { cancellationSignal } from '@temporalio/activity';
import type { ClusterConfig } from '../src/config/config.js';
import type { DatabaseProperties } from '../src/domain/backup/metadata.js';
import type { LoadedStaging } from '../src/domain/restore/contracts.js';
import { sessionName } from '../src/postgres/connection/session-name.js';
import { findClientTools } from '../src/postgres/program/client-tools.js';
import { analyzeDatabase } from '../src/postgres/restore/load/analyze.js';
import { readLoadSettings } from '../src/postgres/restore/load/settings.js';
import { applySettings } from '../src/postgres/restore/staging/apply-settings.js';
import { createStaging } from '../src/postgres/restore/staging/create.js';
import { readTargetState } from '../src/postgres/restore/swap/target-state.js';
import type { RestoreSource } from '../src/repository/restore-source.js';
import { type ActivityDeps, runOf, toolOptions } from './deps.js';
import { beatWhileServerWorks } from './heartbeat/busy.js';
import { beatWithProgress, type ProgressBeat } from './heartbeat/progress.js';
import { whileLeased } from './restore/lease.js';
import { pour } from './restore/pour.js';
import {
  cutLines,
  loggedRestore,
  propertiesFor,
  type SourceStepInput,
  serverFor,
  sourceOf,
} from './restore/step.js';

export interface StagingStep extends SourceStepInput {
  stagingName: string;
}

export interface LoadStep extends StagingStep {
  /** SHA-256 of the bytes that were verified: no others are loaded. */
  checksum: string;
}

/** Steps that fill the staging database. */
export function createLoadActivities(deps: ActivityDeps) {
  return {
    /** Creates the staging database, empty, with everything of the backup that must be there before its data. */
    async createStagingDatabase(step: StagingStep): Promise<{ oid: number; warnings: string[] }> {
      return loggedRestore(deps, step, 'create staging', async () => {
        const { oid, warnings } = await stageAnew(deps, step);
        return { oid, warnings: cutLines(warnings) };
      });
    },

    /** Loads the artifact into the staging database. Tried again, it begins with an empty one. */
    async loadBackup(step: LoadStep): Promise<LoadedStaging> {
      return loggedRestore(deps, step, 'load', async (log) => {
        const loaded = await whileLeased(deps, step, () => load(deps, step));
        log.info({ statements: loaded.statements, rows: loaded.rows }, `loaded ${loaded.rows} rows`);
        return loaded;
      });
    },
  };
}

interface Staged {
  oid: number;
  properties: DatabaseProperties;
  warnings: string[];
}

async function stageAnew(deps: ActivityDeps, step: StagingStep): Promise<Staged> {
  const cluster = serverFor(deps, step);
  const { metadata } = await sourceOf(deps, step);
  const { properties, warnings } = await propertiesFor(cluster, step.target, metadata);
  const { stagingName: name, target, drill } = step;
  const order = {
    ...{ ...properties, name, target, runId: runOf().runId },
    ...(drill && { drillOf: drill.of }),
  };
  const created = await createStaging(cluster.connection, order);
  const staging = { name, oid: created.oid, target };
  const refused = await applySettings(cluster.connection, staging, properties);
  return { oid: created.oid, properties, warnings: [...warnings, ...created.warnings, ...refused] };
}

async function load(deps: ActivityDeps, step: LoadStep): Promise<LoadedStaging> {
  const { connection } = serverFor(deps, step);
  const { runId } = runOf();
  const source = await sourceOf(deps, step);
  const beat = beatWithProgress(source.sizeBytes);
  const staged = await stagedFor(deps, step);
  const signal = cancellationSignal();
  return beatWhileServerWorks(connection, runId, beat, async () => {
    const done = await pourInto(deps, step, source, beat);
    await analyzeDatabase(connection, step.stagingName, { applicationName: sessionName(runId), signal });
    const { statements, rows } = done;
    const warnings = cutLines([...staged.warnings, ...done.warnings]);
    return { name: step.stagingName, oid: staged.oid, statements, rows, warnings };
  });
}

/** The database that `createStagingDatabase` made, at the first attempt; a new one for every other. */
async function stagedFor(deps: ActivityDeps, step: LoadStep): Promise<Pick<Staged, 'oid' | 'warnings'>> {
  const { runId, attempt } = runOf();
  if (attempt > 1) return stageAnew(deps, step);
  const { marked } = await readTargetState(serverFor(deps, step).connection, step.target);
  const found = marked.find((each) => each.runId === runId && each.name === step.stagingName);
  return found ? { oid: found.oid, warnings: [] } : stageAnew(deps, step);
}

async function pourInto(deps: ActivityDeps, step: LoadStep, source: RestoreSource, beat: ProgressBeat) {
  const cluster = serverFor(deps, step);
  const { connection } = cluster;
  const load = {
    ...{ connection, database: step.stagingName, runTag: runOf().runId },
    tools: await toolsFor(deps, cluster, step),
    sessionSettings: await readLoadSettings(connection),
  };
  return pour(load, source, step.checksum, beat);
}

async function toolsFor(deps: ActivityDeps, { connection }: ClusterConfig, { target }: LoadStep) {
  const { serverMajor } = await readTargetState(connection, target);
  return findClientTools(serverMajor, toolOptions(deps));
}
