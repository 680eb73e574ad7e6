import { readFile } from 'node:fs/promises';
import type { ClusterConfig } from '../../src/config/config.js';
import type { DatabaseProperties, StoredMetadata } from '../../src/domain/backup/metadata.js';
import { partialName } from '../../src/domain/backup/names.js';
import type { BackupReference } from '../../src/domain/restore/contracts.js';
import type { Logger } from '../../src/log.js';
import { listDatabases } from '../../src/postgres/connection/connection.js';
import { inspectDatabase } from '../../src/postgres/inspect/database.js';
import { openRepository } from '../../src/repository/open-repository.js';
import { findRestoreSource, type RestoreSource } from '../../src/repository/restore-source.js';
import { type ActivityDeps, clusterOf, runOf } from '../deps.js';
import { requirePlace } from '../place.js';
import { logged } from '../step-log.js';

/** What every step of a restore is about. */
export interface RestoreStepInput {
  cluster: string;
  target: string;
  /** When the operation began, ISO 8601: the name of its log. */
  startedAt: string;
  /** Fingerprint of the server and repository that the command means; absent where only the worker's settings count. */
  place?: string;
  /** It is a drill: made beside databases that it never touches, on the server of a cluster that may be another. */
  drill?: DrillPlace;
}

/** Where a drill restores to. */
export interface DrillPlace {
  /** Cluster whose server it is. */
  on: string;
  /** Whose drill it is, by which what an earlier one has left is told. */
  of: string;
}

/** The cluster on whose server a restore is made. */
export function serverFor(deps: ActivityDeps, { cluster, drill }: RestoreStepInput): ClusterConfig {
  return clusterOf(deps, drill?.on ?? cluster);
}

/** A step that needs the backup itself. */
export interface SourceStepInput extends RestoreStepInput {
  backup: BackupReference;
}

/** What of a list a payload may hold: several such lists go together in one. */
const toldLines = 50;
const toldBytes = 8 * 1024;
const longestLine = 300;

/** Warnings as a payload may hold them. */
export function cutLines(lines: readonly string[]): string[] {
  const kept: string[] = [];
  let bytes = 0;
  for (const line of lines.slice(0, toldLines).map((each) => each.slice(0, longestLine))) {
    bytes += Buffer.byteLength(line);
    if (bytes > toldBytes) break;
    kept.push(line);
  }
  const more = lines.length - kept.length;
  return more > 0 ? [...kept, `and ${more} more`] : kept;
}

/** {@link logged} for a restore, on no other server than is meant: the target's name stands in the log's name. */
export async function loggedRestore<T>(
  deps: ActivityDeps,
  step: RestoreStepInput,
  name: string,
  act: (log: Logger) => Promise<T>,
): Promise<T> {
  const { cluster, target: database, startedAt, place, drill } = step;
  requirePlace(drill ? 'drill' : 'restore to', clusterOf(deps, cluster), place);
  return logged(deps, { cluster, database, startedAt }, name, act, drill ? 'drill' : 'restore');
}

export function sourceOf(deps: ActivityDeps, step: SourceStepInput): Promise<RestoreSource> {
  return findRestoreSource(openRepository(clusterOf(deps, step.cluster)), step.backup);
}

/** What goes from one step to another by a file: it may have thousands of tables. */
export type Handover = 'expected' | 'needs' | 'counted';

function handoverName(kind: Handover, attempt: number): string {
  return partialName(runOf().runId, attempt, `.${kind}.json`);
}

export async function writeHandover(cluster: ClusterConfig, kind: Handover, content: unknown): Promise<void> {
  const repository = openRepository(cluster);
  await repository.prepare();
  const name = handoverName(kind, runOf().attempt);
  await repository.removePartial(name);
  await repository.writePartial(name, JSON.stringify(content));
}

/** Reads what {@link writeHandover} of that attempt of the same run wrote: within one restore it is trusted. */
export async function readHandover<T>(cluster: ClusterConfig, kind: Handover, attempt: number): Promise<T> {
  const path = openRepository(cluster).partialPath(handoverName(kind, attempt));
  return JSON.parse(await readFile(path, 'utf8')) as T;
}

/** Encoding, locale, owner, settings and grants that the restored database gets, and a warning where they are guessed. */
export async function propertiesFor(
  { connection }: Pick<ClusterConfig, 'connection'>,
  target: string,
  metadata: StoredMetadata | null,
): Promise<{ properties: DatabaseProperties; warnings: string[] }> {
  if (metadata?.format_version === 1) return { properties: metadata.properties, warnings: [] };
  const databases = await listDatabases(connection);
  const model = [target, 'postgres'].find((name) => databases.includes(name)) ?? 'template1';
  const { properties } = await inspectDatabase(connection, model);
  const warning = `the backup’s metadata says nothing of owner, encoding and locale: those of database ${JSON.stringify(model)} are used`;
  const own = model === target ? properties : { ...properties, ...plain };
  return { properties: { ...own, extensions: [] }, warnings: [warning] };
}

/** What a database has that nobody changed. */
const plain = {
  tablespace: 'pg_default',
  connection_limit: -1,
  is_template: false,
  comment: null,
  settings: [],
  grants: null,
} satisfies Partial<DatabaseProperties>;
