import { closeSync, constants, fsyncSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { makeLogsFolder, openPrivate } from './logs-folder.js';
import { type OperationId, operationFileName } from './operation-log.js';

/**
 * Writes what an operation leaves for later readers, as JSON, into the repository's `logs/`: mode 0600, kept as long
 * as logs are. Written again by a later attempt, it replaces the file.
 *
 * @throws HoldfastError `SymbolicLinkRefused`
 * @returns full path
 */
export function writeOperationDocument(
  repositoryPath: string,
  operation: string,
  id: OperationId,
  value: unknown,
): string {
  const { O_CREAT, O_TRUNC, O_WRONLY } = constants;
  const path = join(makeLogsFolder(repositoryPath), operationFileName(operation, id, 'json'));
  const descriptor = openPrivate(path, O_CREAT | O_TRUNC | O_WRONLY, 0o600);
  try {
    writeSync(descriptor, `${JSON.stringify(value, null, 2)}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  return path;
}
