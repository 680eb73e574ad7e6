import type { ClusterConfig } from '../../config/config.js';
import type { BackUpClusterResult } from '../../domain/backup/cluster-contracts.js';
import type { FullBackupResult } from '../../domain/backup/contracts.js';
import type { CompressionMethod } from '../../domain/backup/metadata.js';
import { HoldfastError } from '../../domain/errors.js';
import { refuseImpossibleName } from '../../domain/impossible-name.js';
import { clusterBackupOf, fullBackupOf } from '../../temporal/operations.js';
import { type CommandContext, clusterNamed } from '../context.js';
import { refuseUnmetHere, runOperation, thisCommand } from '../operation/run.js';
import { openSession, type Session } from '../operation/session.js';
import { backupWords } from '../operation/step-words.js';
import { bytes, counted, duration, printable } from '../output/format.js';
import type { Output } from '../output/output.js';
import { renderTable } from '../output/table.js';
import { askClusterProgress } from './cluster-progress.js';
import { leftOutWords } from './left-out.js';

export interface BackupOptions {
  cluster: string;
  all?: boolean;
  detach?: boolean;
  compression?: CompressionMethod;
  level?: number;
  keepLast?: number;
  parallel?: number;
  include?: string[];
  exclude?: string[];
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
  if (database !== undefined) refuseImpossibleName('back up', database);
  refuseWithOne(database, options);
  const cluster = clusterNamed(context.config, options.cluster);
  refuseUnmetHere(context, cluster);
  const session = await openSession(context, cluster.host, options.detach === true);
  try {
    return database === undefined
      ? await backUpAll(context, session, cluster, options)
      : await backUpOne(context, session, cluster, database, options);
  } finally {
    await session.close();
  }
}

/** What is about many databases says nothing of one that is named. */
function refuseWithOne(database: string | undefined, { parallel, include, exclude }: BackupOptions): void {
  const given = Object.entries({ parallel, include, exclude }).find(([, value]) => value !== undefined);
  if (database === undefined || !given) return;
  throw new HoldfastError('ConfigurationInvalid', {
    attempted: 'back up',
    cause: `a database and --${given[0]} exclude each other`,
    remedy: `run \`holdfast backup --all --${given[0]} …\`, or leave it out`,
  });
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
  const { parallel, include, exclude } = options;
  const asked = {
    ...wishes(options),
    ...(parallel !== undefined && { parallel }),
    ...(include && { include }),
    ...(exclude && { exclude }),
  };
  const operation = clusterBackupOf(cluster, thisCommand(context, session, cluster), asked);
  const start = { ...operation, queues: session.queues };
  const how = {
    ...{ stepWords: backupWords, detach: options.detach === true },
    askProgress: askClusterProgress,
  };
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
  const { total, failed, sizeBytes, entries, reportPath } = result;
  const good = entries.filter(({ error }) => !error);
  if (good.length > 0) {
    const rows = good.map((entry) => [entry.database, entry.backupId ?? '', bytes(entry.sizeBytes ?? 0)]);
    output.print(renderTable(['DATABASE', 'BACKUP', 'SIZE'], rows, { right: [2], whole: [1] }));
  }
  for (const { database, error } of entries)
    if (error) output.fail(`${printable(database)}: ${error.message}`);
  if (total === 0) output.warn('no database fits: nothing was backed up');
  const done = total - failed;
  output.print(
    `${done === total ? '' : `${done} of `}${counted(total, 'database')} backed up, ${bytes(sizeBytes)}`,
  );
  if (result.leftOutCount > 0) output.print(`left out: ${leftOutWords(result)}`);
  if (entries.length < total) output.print(`the first ${entries.length} are shown; the report has all`);
  if (reportPath !== null) output.print(`report: ${printable(reportPath)}`);
}
