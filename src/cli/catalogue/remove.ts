import { lastToGo } from '../../domain/backup/retention.js';
import { HoldfastError } from '../../domain/errors.js';
import { openRepository } from '../../repository/open-repository.js';
import type { Repository, StoredFile } from '../../repository/repository.js';
import { askToType, canAsk } from '../ask-to-type.js';
import { type CommandContext, clusterNamed } from '../context.js';
import { bytes, counted, printable } from '../output/format.js';
import { idOfOwn } from './own-backup.js';

export interface RemoveOptions {
  cluster: string;
  newest?: boolean;
  yes?: boolean;
}

const withBase =
  'shorten that and run `holdfast wal`, which never takes the newest; one that is damaged is removed with its folder';

/** `holdfast remove ID`: one backup goes now, unless somebody reads or keeps it, or its database would be left without. */
export async function removeCommand(
  context: CommandContext,
  reference: string,
  database: string | undefined,
  { cluster, newest, yes }: RemoveOptions,
): Promise<number> {
  const { output } = context;
  const repository = openRepository(clusterNamed(context.config, cluster));
  const id = await idOfOwn(repository, { verb: 'remove', withBase }, reference, database);
  await refuseNeeded(repository, id, newest === true);
  const removed = await repository.filesOf(id);
  const freedBytes = removed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (!yes) {
    await requireConsent(id, removed, freedBytes);
    // While it was typed somebody may have removed what made this one dispensable.
    await refuseNeeded(repository, id, newest === true);
  }
  if (!(await repository.remove(id)))
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

async function refuseNeeded(repository: Repository, id: string, mayBeNewest: boolean): Promise<void> {
  const refusal =
    (await repository.removalRefusal(id)) ?? (mayBeNewest ? undefined : await newestRefusal(repository, id));
  if (refusal) throw refusal;
}

/** Why it must not go, where it is the one that retention never removes. */
async function newestRefusal(repository: Repository, id: string): Promise<HoldfastError | undefined> {
  const { backups } = await repository.list();
  const wanted = backups.find((backup) => backup.id === id);
  const ofDatabase = backups.filter(
    ({ cluster, database }) => cluster === wanted?.cluster && database === wanted.database,
  );
  if (!wanted || lastToGo(ofDatabase, new Date()) !== wanted) return undefined;
  const of = `of database ${JSON.stringify(wanted.database)}`;
  const cause =
    wanted.verifiedAt === null
      ? `it is the newest ${of}, which has no verified backup`
      : `it is the newest verified backup ${of}`;
  return refused(id, cause, 'back that up first; or add --newest, if it is to go all the same');
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

function refused(id: string, cause: string, remedy: string): HoldfastError {
  return new HoldfastError('RemovalRefused', { attempted: `remove backup ${id}`, cause, remedy });
}
