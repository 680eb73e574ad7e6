import type { ClusterConfig } from '../config/config.js';
import type { CompressionMethod } from '../domain/backup.js';
import type { BackUpClusterResult, FullBackupResult } from '../domain/contracts.js';
import { HoldfastError } from '../domain/errors.js';
import { clusterBackupOf, fullBackupOf } from '../temporal/operations.js';
import { type CommandContext, clusterNamed } from './context.js';
import { bytes, counted, duration, printable } from './output/format.js';
import type { Output } from './output/output.js';
import { runOperation, thisCommand } from './run-operation.js';
import { openSession, type Session } from './session.js';
import { backupWords } from './step-words.js';

export interface BackupOptions {
  cluster: string;
  all?: boolean;
  detach?: boolean;
  compression?: CompressionMethod;
  level?: number;
  keepLast?: number;
  parallel: number;
}

/** `holdfast backup DATABASE` and `holdfast backup --all`. */
export async function backupCommand(
  context: CommandContext,
  database: string | undefined,
  options: BackupOptions,
) {
  if ((database === undefined) !== (options.all === true)) {
    throw new HoldfastError('ConfigurationInvalid', {
      attempted: 'back up',
      cause: database === undefined ? 'no database was named' : 'a database and --all exclude each other',
      remedy: 'run `holdfast backup DATABASE` or `holdfast backup --all`',
    });
  }
  const cluster = clusterNamed(context.config, options.cluster);
  const session = await openSession(context, cluster.host, options.detach === true);
  try {
    return database === undefined
      ? await backUpAll(context, session, cluster, options)
      : await backUpOne(context, session, cluster, database, options);
  } finally {
    await session.close();
  }
}

async function backUpOne(
  context: CommandContext,
  session: Session,
  cluster: ClusterConfig,
  database: string,
  options: BackupOptions,
): Promise<number> {
  const operation = fullBackupOf(cluster, database, thisCommand(context, session, cluster), wishes(options));
  const start = { ...operation, queues: session.queues };
  const how = { stepWords: backupWords, detach: options.detach === true };
  const result = await runOperation<FullBackupResult>(context, session, start, how);
  if (result) show(context, result, printBackup);
  return 0;
}

async function backUpAll(
  context: CommandContext,
  session: Session,
  cluster: ClusterConfig,
  options: BackupOptions,
): Promise<number> {
  const asked = { ...wishes(options), parallel: options.parallel };
  const operation = clusterBackupOf(cluster, thisCommand(context, session, cluster), asked);
  const start = { ...operation, queues: session.queues };
  const how = { stepWords: backupWords, detach: options.detach === true };
  const result = await runOperation<BackUpClusterResult>(context, session, start, how);
  if (!result) return 0;
  show(context, result, printCluster);
  return result.failed === 0 ? 0 : 4;
}

/** What the command says of the backup itself. */
function wishes(options: BackupOptions) {
  return {
    ...(options.compression && { compression: options.compression }),
    ...(options.level !== undefined && { compressionLevel: options.level }),
    ...(options.keepLast !== undefined && { keepLast: options.keepLast }),
  };
}

function show<T>({ output }: CommandContext, result: T, print: (output: Output, result: T) => void): void {
  if (output.json) output.printJson(result);
  else print(output, result);
}

function printBackup(output: Output, result: FullBackupResult): void {
  const { backup, path, tables, rows, expiredCount, warnings } = result;
  output.success(`backed up ${printable(backup.database)} as ${printable(backup.id)}`);
  output.print(`  file      ${printable(path)}`);
  output.print(`  size      ${bytes(backup.sizeBytes)}, in ${duration(backup.durationSeconds)}`);
  output.print(
    `  verified  ${counted(tables, 'table')}, ${counted(rows, 'row')} read back from the stored file`,
  );
  output.print(`  sha256    ${backup.checksum}`);
  if (expiredCount > 0) output.print(`  expired   ${counted(expiredCount, 'older backup')}`);
  for (const warning of warnings) output.warn(warning);
}

function printCluster(output: Output, result: BackUpClusterResult): void {
  for (const { database, backupId, sizeBytes, error } of result.entries) {
    if (error) output.fail(`${printable(database)}: ${error.message}`);
    else output.success(`${printable(database)} as ${printable(backupId ?? '')}, ${bytes(sizeBytes ?? 0)}`);
  }
  output.print(`${result.total - result.failed} of ${counted(result.total, 'database')} backed up`);
}
