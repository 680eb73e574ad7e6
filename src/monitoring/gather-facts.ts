import type { ClusterConfig } from '../config/config.js';
import type { DatabaseBackups, DiskFacts, HealthFacts, IntegrityFacts } from '../domain/health/facts.js';
import { planRereads } from '../domain/health/plan-rereads.js';
import { openRepository } from '../repository/open-repository.js';
import { type Survey, survey } from '../repository/survey/survey.js';
import type { RememberedBackups } from '../repository/survey/survey-memory.js';
import { databaseBackups } from './database-backups.js';
import { KnownPlace } from './known-place.js';
import { repositoryFacts, unreadable } from './repository-facts.js';
import { askServer, notAsked } from './server-facts.js';
import { monitoringFolder } from './state-folder.js';
import { walFacts } from './wal-facts.js';

export interface GatherRequest {
  cluster: ClusterConfig;
  /** This machine's name. */
  host: string;
  /** Where Holdfast keeps what must outlast a restart. */
  stateDir: string;
  /** Whether PostgreSQL is asked, too. */
  withServer: boolean;
  now: Date;
  signal: AbortSignal;
  /** What is read of backups is remembered here, instead of beside them. */
  remembered?: RememberedBackups;
}

/** What one look found, of every database. */
export type GatheredFacts = Omit<HealthFacts, 'isFirstPage' | 'next'>;

/** Gathers what there is to know of a cluster's backups. What can't be looked at is a fact of its own, not an error. */
export async function gatherAll(request: GatherRequest): Promise<GatheredFacts> {
  const { cluster, host, now, signal } = request;
  const known = await KnownPlace.read(await monitoringFolder(request.stateDir, cluster));
  const server = request.withServer ? await askServer(cluster.connection, signal) : notAsked;
  if (server.databases) await known.noteDatabases(server.databases);
  const found = await lookInto(request, known);
  const isPresent = found.repository.state === 'present';
  const databases = databaseBackups({
    backups: found.survey?.backups ?? [],
    configured: Object.keys(cluster.databases),
    onServer: known.databases,
    now,
  });
  const { maxBackupAgeHours, minDiskSpaceGb, retentionDays, verifyWithinDays, maxWalAgeHours } = cluster;
  return {
    ...{ cluster: cluster.name, host, observedAt: now.toISOString() },
    settings: { maxBackupAgeHours, minDiskSpaceGb, retentionDays, verifyWithinDays, maxWalAgeHours },
    repository: found.repository,
    disk: isPresent && found.survey ? await diskFacts(cluster, found.survey, databases) : null,
    integrity: integrityFacts(found.survey, verifyWithinDays, now),
    wal: isPresent
      ? await walFacts(cluster.repositoryPath, cluster.name, server.archiving, { now, signal })
      : null,
    databases,
    serverUnknownBecause: server.unknownBecause,
  };
}

/** What a cluster's full backups take of their disk, and how many backups there are: nothing is noted of this look. */
export async function lookAtDisk(
  cluster: ClusterConfig,
  now: Date,
): Promise<{ disk: DiskFacts; backups: number }> {
  const found = await survey(cluster.repositoryPath, cluster.name, { now });
  const configured = Object.keys(cluster.databases);
  const databases = databaseBackups({ backups: found.backups, configured, onServer: null, now });
  return { disk: await diskFacts(cluster, found, databases), backups: found.backups.length };
}

/** A page of what {@link gatherAll} finds. */
export async function gatherFacts(
  request: GatherRequest & { after: string | null; limit: number },
): Promise<HealthFacts> {
  return pageOf(await gatherAll(request), request.after, request.limit);
}

/**
 * As much of it as one message can bear.
 *
 * @param after the last database of the page before; null: the first page, with what is of the whole cluster
 */
export function pageOf(gathered: GatheredFacts, after: string | null, limit: number): HealthFacts {
  const rest =
    after === null ? gathered.databases : gathered.databases.filter(({ database }) => database > after);
  const databases = rest.slice(0, limit);
  return {
    ...gathered,
    // Judged once, with the first page.
    wal: after === null ? gathered.wal : null,
    databases,
    isFirstPage: after === null,
    next: rest.length > limit ? (databases.at(-1)?.database ?? null) : null,
  };
}

async function lookInto({ cluster, now, remembered }: GatherRequest, known: KnownPlace) {
  const { name, repositoryPath } = cluster;
  const repository = await repositoryFacts(repositoryPath, name, known);
  if (repository.state !== 'present') return { repository };
  try {
    const found = await survey(repositoryPath, name, { now, ...(remembered && { remembered }) });
    if (!remembered) await found.memory.store();
    return { repository, survey: found };
  } catch (error) {
    return { repository: { ...repository, ...unreadable(error) } };
  }
}

async function diskFacts(
  cluster: ClusterConfig,
  { backups }: Survey,
  databases: DatabaseBackups[],
): Promise<DiskFacts> {
  const repository = openRepository(cluster);
  const keeps = await repository.keeps();
  const full = backups.filter(({ database }) => database !== null);
  const sizeOf = (some: typeof full) => some.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return {
    ...(await repository.freeSpace()),
    catalogueBytes: sizeOf(full),
    keptBytes: sizeOf(full.filter(({ id }) => keeps.has(id))),
    dailyBytes: databases.reduce((sum, { newest }) => sum + (newest?.sizeBytes ?? 0), 0),
  };
}

const mostFlaws = 3;

function integrityFacts(found: Survey | undefined, withinDays: number, now: Date): IntegrityFacts {
  const { backups = [], strange = [], unseen = 0 } = found ?? {};
  const ofBases = backups
    .filter(({ database, flaw }) => database === null && flaw !== '')
    .map(({ id, flaw }) => ({ file: `incremental/${id}`, why: flaw }));
  const flaws = [...ofBases, ...strange];
  const plan = planRereads({ entries: backups, now, lastRunAtMs: null, creditBytes: 0, withinDays });
  return {
    flaws: flaws.slice(0, mostFlaws),
    flawCount: flaws.length,
    backups: backups.length,
    sizeBytes: backups.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    overdue: plan.overdue,
    unseen,
  };
}
