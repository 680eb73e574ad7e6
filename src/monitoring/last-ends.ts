import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { ClusterConfig } from '../config/config.js';
import { encodeDatabaseName } from '../domain/backup/names.js';
import { type LastEnds, type OperationEnd, operationOutcomes } from '../domain/operation-end.js';
import { writeWhole } from '../files/write-whole.js';
import { monitoringFolder } from './state-folder.js';

const schema = z.object({
  format_version: z.literal(1),
  operation: z.string(),
  database: z.string(),
  ends: z.partialRecord(z.enum(operationOutcomes), z.iso.datetime()),
});

type Cluster = Pick<ClusterConfig, 'name' | 'repositoryPath'>;

/**
 * Remembers how an operation ended, so that a restart of the worker forgets nothing, and a command tells the worker. A
 * file for each operation of a database: of these, one at a time runs.
 */
export async function noteEnd(stateDir: string, cluster: Cluster, end: OperationEnd): Promise<void> {
  const { operation, database, outcome, at } = end;
  const path = join(await endsFolder(stateDir, cluster), fileName(end));
  const before = await readEnds(path);
  const ends = { ...before?.ends, [outcome]: at };
  await writeWhole(path, `${JSON.stringify({ format_version: 1, operation, database, ends })}\n`);
}

/** What {@link noteEnd} has remembered of a cluster. */
export async function lastEnds(stateDir: string, cluster: Cluster): Promise<LastEnds[]> {
  const folder = await endsFolder(stateDir, cluster);
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json') && !name.startsWith('.'));
  const read = await Promise.all(names.map((name) => readEnds(join(folder, name))));
  return read.filter((each) => each !== undefined);
}

async function endsFolder(stateDir: string, cluster: Cluster): Promise<string> {
  const folder = join(await monitoringFolder(stateDir, cluster), 'operations');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return folder;
}

function fileName({ operation, database }: OperationEnd): string {
  return `${encodeDatabaseName(operation)}${database === '' ? '' : `_${encodeDatabaseName(database)}`}.json`;
}

async function readEnds(path: string): Promise<z.infer<typeof schema> | undefined> {
  try {
    return schema.safeParse(JSON.parse(await readFile(path, 'utf8'))).data;
  } catch {
    return undefined;
  }
}
