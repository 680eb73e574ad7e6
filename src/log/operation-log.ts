import { closeSync, constants, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { DestinationStream } from 'pino';
import { encodeDatabaseName, formatTimestamp } from '../domain/backup/names.js';
import { HoldfastError } from '../domain/errors.js';
import { createLogger, type Logger, type LoggerOptions } from './logger.js';
import { isErrno, linkRefused, logsPath, makeLogsFolder, openPrivate } from './logs-folder.js';

/** What a log is of. Its name is made of this alone, so that every step and attempt of a run adds to one file. */
export interface OperationId {
  cluster: string;
  database?: string;
  workflowId: string;
  runId: string;
  /** When the operation (not the step) began. */
  startedAt: Date;
}

/** A log of one operation. */
export interface OperationLog {
  path: string;
  /** Writes to the file and to the destination asked for, with workflow and run id on every line. */
  logger: Logger;
  close(): void;
}

/**
 * Opens, or goes on with, the log of an operation in the repository's `logs/`: JSON lines, mode 0600.
 *
 * @throws HoldfastError `SymbolicLinkRefused`, `RepositoryNotWritable`
 */
export function operationLog(
  repositoryPath: string,
  operation: string,
  id: OperationId,
  options: Omit<LoggerOptions, 'file'>,
): OperationLog {
  const path = join(logsPath(repositoryPath), operationFileName(operation, id));
  attempt(path, () => makeLogsFolder(repositoryPath));
  const file = openFile(path);
  const { workflowId, runId } = id;
  const logger = createLogger({ ...options, file: fileStream(file) }).child({ workflowId, runId });
  const close = () => {
    if (file.open) closeSync(file.descriptor);
    file.open = false;
  };
  return { path, logger, close };
}

/** A database's name of 63 bytes, encoded, would leave no room for the rest in a file name's 255 bytes. */
const longestDatabasePart = 100;

/** The name of an operation's file in `logs/`. */
export function operationFileName(
  operation: string,
  { cluster, database, runId, startedAt }: OperationId,
  suffix: 'log' | 'json' = 'log',
): string {
  const databasePart = database
    ? [[...encodeDatabaseName(database)].slice(0, longestDatabasePart).join('')]
    : [];
  // A run id begins with its time: runs of the same minute differ in its end only.
  const shortRun = runId.replace(/[^0-9a-zA-Z]/g, '').slice(-8);
  return `${[formatTimestamp(startedAt), operation, cluster, ...databasePart, shortRun].join('_')}.${suffix}`;
}

interface OpenFile {
  descriptor: number;
  open: boolean;
}

function openFile(path: string): OpenFile {
  const { O_APPEND, O_CREAT, O_WRONLY } = constants;
  return attempt(path, () => ({
    descriptor: openPrivate(path, O_APPEND | O_CREAT | O_WRONLY, 0o600),
    open: true,
  }));
}

/** A full disk must not make a failure of a backup that is whole: such a line is lost, the rest goes on. */
function fileStream(file: OpenFile): DestinationStream {
  return {
    write(line) {
      if (!file.open) return;
      try {
        writeSync(file.descriptor, line);
      } catch (error) {
        if (!isErrno(error) || !['ENOSPC', 'EDQUOT', 'EFBIG', 'EIO'].includes(error.code ?? '')) throw error;
      }
    },
  };
}

function attempt<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!isErrno(error)) throw error;
    if (error.code === 'ELOOP') throw linkRefused(path);
    throw new HoldfastError(
      'RepositoryNotWritable',
      { attempted: `write the log ${path}`, cause: error.message, remedy: `let this user write to ${path}` },
      { cause: error },
    );
  }
}
