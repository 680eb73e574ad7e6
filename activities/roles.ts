import { showName } from '../src/postgres/quote.js';
import { applyMissingRoles, planRoles } from '../src/postgres/restore/load/apply-globals.js';
import { extensionMissing, missingExtensions } from '../src/postgres/restore/load/missing-extensions.js';
import {
  missingRoles,
  roleMissing,
  rolesOfProperties,
  roleUnknown,
} from '../src/postgres/restore/load/missing-roles.js';
import { readGlobals } from '../src/repository/read-globals.js';
import { type ActivityDeps, clusterOf } from './deps.js';
import {
  cutLines,
  loggedRestore,
  propertiesFor,
  readHandover,
  type SourceStepInput,
  serverFor,
  sourceOf,
} from './restore/step.js';

export interface NeedsStep extends SourceStepInput {
  /** Roles that the server lacks are to be created from the backup's globals. */
  createRoles: boolean;
  /** Attempt whose partial file has what the artifact's statements name. */
  verifiedAttempt: number;
}

/** What the statements of an artifact take for granted. */
export interface ArtifactNeeds {
  roles: string[];
  extensions: string[];
}

/** The step that creates roles. */
export function createRoleActivities(deps: ActivityDeps) {
  return {
    /**
     * Creates the roles that the server lacks, all or none; what exists is never altered. Tells which of them are
     * superusers.
     */
    async createMissingRoles(step: NeedsStep): Promise<string[]> {
      return loggedRestore(deps, step, 'create roles', async (log) => {
        const { connection } = serverFor(deps, step);
        const { missing } = await lacking(deps, step);
        const globals = await readGlobals(await sourceOf(deps, step));
        const { created, superusers } = await applyMissingRoles(connection, globals, missing);
        log.info({ roles: created }, `created ${created.length} roles`);
        return cutLines(
          superusers.map((role) => `role ${showName(role)} was created as a superuser, as in the backup`),
        );
      });
    },
  };
}

/**
 * Refuses a restore for which the server lacks an extension, or a role that is not to be created.
 * @returns the roles that are to be created
 */
export async function refuseLacking(
  deps: ActivityDeps,
  step: NeedsStep,
  attempted: string,
): Promise<string[]> {
  const { connection } = serverFor(deps, step);
  const { missing, extensions } = await lacking(deps, step);
  if (extensions.length > 0) throw extensionMissing(attempted, extensions);
  if (missing.length === 0) return [];
  if (!step.createRoles) throw roleMissing(attempted, missing);
  const globals = await readGlobals(await sourceOf(deps, step));
  const { created, unknown } = await planRoles(connection, globals, missing);
  if (unknown.length > 0) throw roleUnknown(attempted, unknown);
  return cutLines(created);
}

/** What the backup needs, by its metadata and by its own statements, and the server has not. */
async function lacking(deps: ActivityDeps, step: NeedsStep) {
  const cluster = clusterOf(deps, step.cluster);
  const { metadata } = await sourceOf(deps, step);
  const server = serverFor(deps, step);
  const { properties } = await propertiesFor(server, step.target, metadata);
  const needs = await readHandover<ArtifactNeeds>(cluster, 'needs', step.verifiedAttempt);
  const named = [...properties.extensions.map(({ name }) => name), ...needs.extensions];
  const extensions = [...new Set(named)].map((name) => ({ name }));
  return {
    missing: await missingRoles(server.connection, [
      ...new Set([...rolesOfProperties(properties), ...needs.roles]),
    ]),
    extensions: await missingExtensions(server.connection, extensions),
  };
}
