import { join } from 'node:path';
import { Readable } from 'node:stream';
import { execa } from 'execa';
import type { ConnectionSettings } from '../../../src/config/config.js';
import { restoreName } from '../../../src/domain/restore/names.js';
import { type DatabaseFacts, inspectDatabase } from '../../../src/postgres/inspect/database.js';
import { findClientTools } from '../../../src/postgres/program/client-tools.js';
import { startLoad } from '../../../src/postgres/restore/load/load.js';
import { readLoadSettings } from '../../../src/postgres/restore/load/settings.js';
import { applySettings, type StagingRef } from '../../../src/postgres/restore/staging/apply-settings.js';
import { createStaging } from '../../../src/postgres/restore/staging/create.js';
import type { Cluster } from '../../support/cluster.js';
import { settings } from './swap/swap-support.js';

/** A plain dump of the database, as Holdfast's backups hold it. */
export async function dumpOf(cluster: Cluster, database: string): Promise<Buffer> {
  const { stdout } = await execa(join(cluster.binDir, 'pg_dump'), ['--format=plain'], {
    env: { ...cluster.env, PGDATABASE: database, PGOPTIONS: '-c statement_timeout=0' },
    encoding: 'buffer',
    stripFinalNewline: false,
  });
  return Buffer.from(stdout);
}

/** A dump without what differs each time: the key of `\restrict`. */
export function comparable(dump: Buffer): string {
  return dump.toString('utf8').replace(/^\\(un)?restrict .*$/gm, '');
}

export async function load(cluster: Cluster, database: string, dump: Buffer | Readable, more: object = {}) {
  const connection: ConnectionSettings = settings(cluster);
  return await startLoad({
    tools: await findClientTools(cluster.version, { pgBinDir: cluster.binDir }),
    connection,
    database,
    stdin: dump instanceof Readable ? dump : Readable.from([dump]),
    sessionSettings: await readLoadSettings(connection),
    runTag: 'run-1',
    ...more,
  }).finished;
}

export interface Staged {
  staging: StagingRef;
  facts: DatabaseFacts;
  dump: Buffer;
  warnings: string[];
}

/** Backs the database up and loads the backup into a staging database beside it. */
export async function stage(cluster: Cluster, database: string): Promise<Staged> {
  const facts = await inspectDatabase(settings(cluster), database);
  const dump = await dumpOf(cluster, database);
  const order = {
    ...facts.properties,
    target: database,
    name: restoreName(database, 'staging', '20250607_080910'),
  };
  const created = await createStaging(settings(cluster), { ...order, runId: 'run-1' });
  const staging = { name: created.name, oid: created.oid, target: database };
  const refusals = await applySettings(settings(cluster), staging, facts.properties);
  await load(cluster, created.name, dump);
  return { staging, facts, dump, warnings: [...created.warnings, ...refusals] };
}
