import { chmod, chown, stat } from 'node:fs/promises';
import type { ServerAccount } from '../../../domain/wal/archiving.js';
import { isFolder } from '../../../files/real-file.js';
import { storing } from '../../../files/storage-error.js';
import { makeFolder } from '../prepare.js';
import { makeArchive } from './prepare-archive.js';
import type { WalLayout } from './wal-layout.js';

/**
 * Makes the folders of a stream, and where there is no archive yet that one: `account` is
 * whom it is to belong to then.
 */
export async function prepareStream(
  layout: WalLayout,
  backupDir: string,
  account: ServerAccount,
): Promise<void> {
  if (!(await isFolder(layout.wal))) await makeArchive(layout, backupDir, account);
  await storing({ attempted: `make the folder ${layout.stream}`, path: layout.stream }, async () => {
    if (!(await isFolder(layout.metadata))) await makeFolder(layout.metadata);
    const archive = await stat(layout.wal);
    for (const folder of [layout.stream, layout.brokenOff]) {
      if (await isFolder(folder)) continue;
      await makeFolder(folder);
      // Whoever may look at the archive may see what is streamed.
      if (process.getuid?.() === 0) await chown(folder, archive.uid, archive.gid);
      await chmod(folder, archive.mode & 0o7777);
    }
  });
}
