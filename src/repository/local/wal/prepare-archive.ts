import { chmod, chown, stat } from 'node:fs/promises';
import { HoldfastError } from '../../../domain/errors.js';
import { shellWord } from '../../../domain/shell-word.js';
import type { ServerAccount } from '../../../domain/wal/archiving.js';
import { isFolder } from '../../../files/real-file.js';
import { storing } from '../../../files/storage-error.js';
import { makeFolder } from '../prepare.js';
import { canActAs, installScript, shippedScript, whyNotArchivable } from './archive-script.js';
import type { WalLayout } from './wal-layout.js';

/**
 * Makes the archive's folders, gives them to the server's account, and puts the script beside them; then has the script
 * try, as that account, whether it can archive. `backupDir` is the repository of which the cluster's is a part.
 *
 * @throws HoldfastError `RepositoryNotWritable` telling what to run, where this user can't do it
 */
export async function prepareArchive(
  layout: WalLayout,
  backupDir: string,
  account: ServerAccount,
): Promise<void> {
  const attempted = `make the archive ${layout.wal} writable for ${account.name}`;
  if (!canActAs(account)) return requireHanded(layout, account, attempted);
  await makeArchive(layout, backupDir, account);
  await installScript(layout);
  const flaw = await whyNotArchivable(layout, account);
  if (flaw !== undefined) throw notWritable(attempted, flaw, reachRemedy(layout, account));
}

/** Makes the archive's folders, and gives them to an account that this user can act as. */
export async function makeArchive(
  layout: WalLayout,
  backupDir: string,
  account: ServerAccount,
): Promise<void> {
  const attempted = `make the archive ${layout.wal} writable for ${account.name}`;
  await storing({ attempted, path: layout.wal }, async () => {
    for (const folder of [backupDir, layout.root, layout.incremental, layout.metadata])
      await makeOnce(folder);
    const { uid, gid } = await stat(backupDir);
    await own(layout.incremental, { uid, gid });
    await own(layout.metadata, { uid, gid });
    for (const folder of new Set([backupDir, layout.root, layout.incremental]))
      await letThrough(folder, account);
    // Where Holdfast works as a third user, its group gets into the archive, too, and with setgid its files.
    const isShared = uid !== 0 && uid !== account.uid;
    for (const folder of [layout.wal, layout.partials]) {
      await makeOnce(folder);
      await own(folder, { uid: account.uid, gid: isShared ? gid : account.gid });
      await chmod(folder, isShared ? 0o2770 : 0o700);
    }
  });
}

/** What does the same by hand, as lines for a shell of root's. */
export function archiveCommands(layout: WalLayout, backupDir: string, account: ServerAccount): string[] {
  const [owner, ours] = [shellWord(account.name), process.getuid?.() ?? 0];
  const passages = [...new Set([backupDir, layout.root, layout.incremental])].map(shellWord).join(' ');
  const mode = ours === 0 || ours === account.uid ? '-m 700' : `-g ${process.getgid?.() ?? 0} -m 2770`;
  return [
    `mkdir -p ${shellWord(layout.incremental)} && chmod o+x ${passages}`,
    `install -d -o ${owner} ${mode} ${shellWord(layout.wal)} ${shellWord(layout.partials)}`,
    `install -m 644 ${shellWord(shippedScript)} ${shellWord(layout.script)}`,
  ];
}

/** Another user's folder can't be given away: it has to be theirs already. */
async function requireHanded(layout: WalLayout, account: ServerAccount, attempted: string): Promise<void> {
  const { uid } = (await stat(layout.wal).catch(() => undefined)) ?? {};
  if (uid !== account.uid) {
    const cause = `only root can give a folder to ${account.name}`;
    throw notWritable(
      attempted,
      cause,
      'run the same command as root, or without --apply to see how by hand',
    );
  }
  await installScript(layout);
}

async function makeOnce(folder: string): Promise<void> {
  if (!(await isFolder(folder))) await makeFolder(folder);
}

async function own(folder: string, { uid, gid }: { uid: number; gid: number }): Promise<void> {
  const there = await stat(folder);
  if (there.uid !== uid || there.gid !== gid) await chown(folder, uid, gid);
}

/** Lets others pass through, not list: what lies in there is closed on its own. */
async function letThrough(folder: string, account: ServerAccount): Promise<void> {
  const { uid, mode } = await stat(folder);
  if (uid !== account.uid && (mode & 0o001) === 0) await chmod(folder, (mode & 0o7777) | 0o001);
}

function reachRemedy({ wal }: WalLayout, { name }: ServerAccount): string {
  return `let ${name} pass through every folder above ${wal} (chmod o+x), or set BACKUP_DIR to another place`;
}

function notWritable(attempted: string, cause: string, remedy: string): HoldfastError {
  return new HoldfastError('RepositoryNotWritable', { attempted, cause, remedy });
}
