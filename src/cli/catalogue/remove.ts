import { HoldfastError } from '../../domain/errors.js';
import type { StoredFile } from '../../repository/repository.js';
import { askToType, canAsk } from '../ask-to-type.js';
import { type CommandContext, clusterNamed } from '../context.js';
import { bytes, counted, printable } from '../output/format.js';
import { type Removable, refused, removable } from './removable.js';

export interface RemoveOptions {
  cluster: string;
  newest?: boolean;
  yes?: boolean;
}

/** `holdfast remove ID`: one backup goes now, unless somebody reads or keeps it, or its database would be left without. */
export async function removeCommand(
  context: CommandContext,
  reference: string,
  database: string | undefined,
  { cluster, newest, yes }: RemoveOptions,
): Promise<number> {
  const { output } = context;
  const backup = await removable(clusterNamed(context.config, cluster), reference, database);
  const { id } = backup;
  await throwRefusal(backup, newest === true);
  const removed = await backup.files();
  const freedBytes = removed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (!yes) {
    await requireConsent(id, removed, freedBytes);
    // While it was typed somebody may have removed what made this one dispensable.
    await throwRefusal(backup, newest === true);
  }
  if (!(await backup.remove()))
    throw refused(id, 'it is gone: somebody else has removed it', 'nothing is left to be done');
  if (output.json) output.printJson({ id, removed, freedBytes });
  else {
    output.success(
      `removed ${printable(id)}: ${counted(removed.length, 'file')}, ${bytes(freedBytes)} freed`,
    );
    for (const { file } of removed) output.print(`  ${printable(file)}`);
  }
  return 0;
}

async function throwRefusal(backup: Removable, mayBeNewest: boolean): Promise<void> {
  const refusal = await backup.refusal(mayBeNewest);
  if (refusal) throw refusal;
}

async function requireConsent(id: string, files: StoredFile[], freedBytes: number): Promise<void> {
  if (!canAsk()) {
    throw new HoldfastError('ConfigurationInvalid', {
      attempted: `remove backup ${id}`,
      cause: 'nobody can be asked: there is no terminal',
      remedy: 'add --yes',
    });
  }
  const what = `${counted(files.length, 'file')}, ${bytes(freedBytes)}`;
  const question = `Type the id to remove ${what}, for good (${printable(id)}): `;
  if (!(await askToType(id, question))) throw refused(id, 'its id was not typed', 'nothing was removed');
}
