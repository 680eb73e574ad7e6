import { duration } from '../../domain/durations.js';
import { HoldfastError } from '../../domain/errors.js';
import { type ArchiverFacts, type ArchivingFacts, planArchiving } from '../../domain/wal/archiving.js';
import { idleSlotWarnings, type SlotFacts } from '../../domain/wal/replication-slot.js';

/**
 * Warnings of a server that archives by another command, or whose WAL is to be streamed and is not at the moment; one
 * that does neither is refused.
 * @throws HoldfastError ArchivingRefused
 */
export function requireArchiving(
  cluster: string,
  facts: ArchivingFacts,
  command: string,
  slot: SlotFacts | undefined,
): string[] {
  const plans = planArchiving(facts, command);
  const lacking = plans.find(({ name, state }) => name !== 'archive_command' && state !== 'fine');
  const { archive_command: set } = facts.settings;
  if (lacking || set.now === '') {
    if (slot) return idleSlotWarnings([slot]);
    const what = lacking ? `${lacking.name} is ${JSON.stringify(lacking.now)}` : 'archive_command is empty';
    throw new HoldfastError('ArchivingRefused', {
      attempted: `look after the WAL of cluster "${cluster}"`,
      cause: `the server archives none: ${what}`,
      remedy: `run \`holdfast wal setup ${cluster} --apply\`, and restart the server where it says so; or stream it by \`holdfast wal stream ${cluster}\``,
    });
  }
  if (set.now === command) return [];
  return [`archive_command is not Holdfast's: ${set.now.slice(0, 200)}`];
}

/** The archiver tries a file so often, a second apart, before it pauses for a minute (NUM_ARCHIVE_RETRIES). */
const triesAtOnce = 3;

/**
 * Whether the archiver brings nothing: since `before` it has failed even after its pause of a minute, and nothing was
 * archived. What hinders it for seconds, a file system that hangs, is over by then.
 */
export function isArchiverStuck(before: ArchiverFacts, now: ArchiverFacts): boolean {
  // Statistics that were reset meanwhile say nothing.
  if (now.archivedCount !== before.archivedCount) return false;
  return now.failedCount - before.failedCount > triesAtOnce;
}

/** What to say of an archiver that does not bring a segment, in the words of its statistics. */
export function notArchived(
  segment: string,
  folder: string,
  { archiver, waitedMs, hasFolder }: { archiver: ArchiverFacts; waitedMs: number; hasFolder: boolean },
): HoldfastError {
  const { lastFailedFile, lastFailedAt, lastArchivedFile } = archiver;
  const failed = lastFailedFile === null ? '' : `; it failed with ${lastFailedFile} at ${lastFailedAt}`;
  const waited = duration(Math.round(waitedMs / 1000));
  return new HoldfastError('ArchivingBehind', {
    attempted: `await ${segment} in ${folder}`,
    cause: `${hasFolder ? '' : 'there is no such folder: '}neither the server's archiver nor a stream has brought it within ${waited}; the archiver's last one was ${lastArchivedFile ?? 'none'}${failed}`,
    remedy: hasFolder
      ? "see the server's log for what its archive_command says, and whether `holdfast wal stream` runs"
      : 'mount its disk; where it is gone for good, `holdfast wal setup --apply` makes it anew',
  });
}
