import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { logsPath } from './logs-folder.js';
import { writeOperationDocument } from './operation-document.js';
import { type OperationId, operationFileName } from './operation-log.js';

/**
 * Adds entries to the report of an operation on many databases, in the repository's `logs/`: each stands under its key,
 * so that a step that is tried again adds nothing twice. `head` replaces what the report said before.
 *
 * @throws HoldfastError `SymbolicLinkRefused`
 * @returns full path
 */
export function addToReport(
  repositoryPath: string,
  operation: string,
  id: OperationId,
  { head, entries }: { head: object; entries: Record<string, unknown> },
): string {
  const path = join(logsPath(repositoryPath), operationFileName(operation, id, 'json'));
  const before = readEntries(path);
  return writeOperationDocument(repositoryPath, operation, id, {
    ...head,
    entries: { ...before, ...entries },
  });
}

function readEntries(path: string): Record<string, unknown> {
  try {
    const found = JSON.parse(readFileSync(path, 'utf8')) as { entries?: Record<string, unknown> };
    return found.entries ?? {};
  } catch {
    // There is none yet, or a crash has cut it: what is added stands all the same.
    return {};
  }
}
