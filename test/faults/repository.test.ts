import { chmod, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BackupStatus } from '../../src/domain/backup/contracts.js';
import { statusQuery } from '../../src/domain/contracts.js';
import { database, patience, type Scene } from './support/scene.js';
import { openStage, type Stage, slow } from './support/stage.js';
import { unless, whyNot } from './support/why-not.js';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage[Symbol.asyncDispose]());

/** Takes from root what lets it write everywhere: permissions then hold for it as for anybody. */
const unprivileged = process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-all'] : ['env'];
const noPrivilegesLess = whyNot(unprivileged[0] ?? '', [...unprivileged.slice(1), 'true']);

test.skipIf(noPrivilegesLess !== undefined)(
  `D5: a repository that can't be written is refused with its path and the OS user${unless(noPrivilegesLess)}`,
  patience,
  async () => {
    await using scene = await stage.open();
    const full = join(scene.place.backupDir, 'full');
    await chmod(full, 0o500);
    const end = await scene.backUpUnder(unprivileged).end;
    await chmod(full, 0o700);
    expect(end.stderr).not.toContain('attempt 2');
    await scene.invariants.hold(end, {
      exitCode: 2,
      cause: new RegExp(`${full} as OS user ${userInfo().username}`),
    });
  },
);

test(
  'D6: a symbolic link in place of a folder is refused, and what it leads to is left',
  patience,
  async () => {
    await using scene = await stage.open();
    const backUpThroughLink = async (name: string) => {
      const folder = join(scene.place.backupDir, name);
      const elsewhere = join(scene.place.folder, 'elsewhere');
      await rename(folder, elsewhere);
      await symlink(elsewhere, folder);
      const before = await readdir(elsewhere);
      const end = await scene.backUp().end;
      expect(await readdir(elsewhere)).toEqual(before);
      await rm(folder);
      await rename(elsewhere, folder);
      return end;
    };
    const refused = { exitCode: 2, cause: /is a symbolic link/ };
    await scene.invariants.check(await backUpThroughLink('logs'), refused);
    await scene.invariants.hold(await backUpThroughLink('full'), refused);
  },
);

test(
  'D6: a symbolic link in place of a file is refused, and what it leads to is left',
  patience,
  async () => {
    await using scene = await stage.open();
    const treasure = join(scene.place.folder, 'treasure');
    await writeFile(treasure, 'not ours');
    const backUpOntoLink = async (nameOf: (names: Names) => string) => {
      scene.wire.bytesPerSecond = slow;
      const command = scene.backUp();
      await scene.untilDumping();
      const path = join(scene.place.backupDir, 'full', nameOf(await namesOf(scene)));
      await symlink(treasure, path);
      scene.wire.bytesPerSecond = Infinity;
      const end = await command.end;
      expect(await readFile(treasure, 'utf8')).toBe('not ours');
      expect(end.stderr).toContain(`${path} is a symbolic link`);
      await rm(path, { force: true });
      return end;
    };
    const refused = { exitCode: 2, cause: /is a symbolic link/ };
    const { invariants } = scene;
    await invariants.check(await backUpOntoLink(({ runId }) => `.partial-${runId}-1.draft.json`), refused);
    await invariants.check(await backUpOntoLink(({ id }) => `${id}.sql.gz`), refused);
    await invariants.hold(await backUpOntoLink(({ id }) => `${id}.meta`), refused);
  },
);

interface Names {
  /** Of the backup that is being made. */
  id: string;
  runId: string;
}

async function namesOf({ temporal }: Scene): Promise<Names> {
  const handle = temporal.client.workflow.getHandle(`full-backup/default/${database}`);
  const { backupId = '' } = await handle.query<BackupStatus>(statusQuery);
  return { id: backupId, runId: (await handle.describe()).runId };
}
