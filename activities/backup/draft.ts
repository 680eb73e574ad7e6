import { readFile } from 'node:fs/promises';
import type { BackupMetadata } from '../../src/domain/backup/metadata.js';
import { partialName } from '../../src/domain/backup/names.js';
import { HoldfastError } from '../../src/domain/errors.js';
import { lstatIfThere } from '../../src/files/real-file.js';
import type { Repository } from '../../src/repository/repository.js';

/** What is known of a backup before it is published. It goes from step to step as a file: it may have thousands of tables. */
export type BackupDraft = Omit<
  BackupMetadata,
  | 'format_version'
  | 'size_human'
  | 'duration_seconds'
  | 'finished_at'
  | 'verified_at'
  | 'globals_file'
  | 'globals_missing_because'
>;

/** Where the draft of one attempt's dump is. */
export function draftName(runId: string, attempt: number): string {
  return partialName(runId, attempt, '.draft.json');
}

export async function writeDraft(repository: Repository, name: string, draft: BackupDraft): Promise<void> {
  await repository.writePartial(name, JSON.stringify(draft));
}

/** Whether what {@link writeDraft} wrote is still there: not published, and not given up. */
export async function hasDraft(repository: Repository, name: string): Promise<boolean> {
  return (await lstatIfThere(repository.partialPath(name))) !== undefined;
}

/**
 * Reads what {@link writeDraft} of the same run wrote: within one backup it is trusted.
 *
 * @throws HoldfastError `StorageFailed` when it is gone
 */
export async function readDraft(repository: Repository, name: string): Promise<BackupDraft> {
  const path = repository.partialPath(name);
  try {
    return JSON.parse(await readFile(path, 'utf8')) as BackupDraft;
  } catch (error) {
    // Publication discards everything of a run whose files could not be made durable.
    throw new HoldfastError(
      'StorageFailed',
      { attempted: `read ${path}`, cause: String(error), remedy: 'the dump is made anew' },
      { cause: error },
    );
  }
}

/** Removes what an attempt wrote when it was no longer wanted; gives what is to be thrown. */
export async function takenBack(repository: Repository, name: string): Promise<HoldfastError> {
  await repository.removePartial(name);
  return new HoldfastError('DumpInterrupted', {
    attempted: `write ${repository.partialPath(name)}`,
    cause: 'this attempt was given up for dead, and what it belongs to was removed',
  });
}
