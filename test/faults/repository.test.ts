import { chmod, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BackupStatus, statusQuery } from '../../src/domain/contracts.js';
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

test.skipIf(noPrivilegesLess !== undefined).for(['full', '.'])(
  `D5: a repository whose folder "%s" can't be written is refused with its path${unless(noPrivilegesLess)}`,
  patience,
  async (name) => {
    await using scene = await stage.open();
    const folder = join(scene.place.backupDir, name);
    // Without the folder in it, its own permissions are what counts.
    const inside = name === '.' ? join(folder, 'logs') : undefined;
    if (inside) await rm(inside, { recursive: true });
    await chmod(folder, 0o500);
    const end = await scene.backUpUnder(unprivileged).end;
    await chmod(folder, 0o700);
    expect(end.stderr).not.toContain('attempt 2');
    if (!inside) expect(end.stderr).toContain(`as OS user ${userInfo().username}`);
    await scene.invariants.hold(end, { exitCode: 2, cause: new RegExp(join(folder, inside ? 'logs' : '')) });
  },
);

test.for(['full', 'logs'])(
  'D6: a symbolic link in place of the folder "%s" is refused',
  patience,
  async (name) => {
    await using scene = await stage.open();
    const folder = join(scene.place.backupDir, name);
    const elsewhere = join(scene.place.folder, 'elsewhere');
    await rename(folder, elsewhere);
    await symlink(elsewhere, folder);
    const before = await readdir(elsewhere);
    const end = await scene.backUp().end;
    expect(await readdir(elsewhere)).toEqual(before);
    await rm(folder);
    await rename(elsewhere, folder);
    await scene.invariants.hold(end, { exitCode: 2, cause: new RegExp(`${folder}.* is a symbolic link`) });
  },
);

test.for([
  ['an artifact', ({ id }: Names) => `${id}.sql.gz`],
  ['metadata', ({ id }: Names) => `${id}.meta`],
  ['a partial file', ({ runId }: Names) => `.partial-${runId}-1.draft.json`],
] as const)(
  'D6: a symbolic link in place of %s is refused, and what it leads to is left',
  patience,
  async ([, nameOf]) => {
    await using scene = await stage.open();
    scene.wire.bytesPerSecond = slow;
    const command = scene.backUp();
    await scene.untilDumping();
    const treasure = join(scene.place.folder, 'treasure');
    await writeFile(treasure, 'not ours');
    const path = join(scene.place.backupDir, 'full', nameOf(await namesOf(scene)));
    await symlink(treasure, path);
    scene.wire.bytesPerSecond = Infinity;
    const end = await command.end;
    expect(await readFile(treasure, 'utf8')).toBe('not ours');
    await rm(path, { force: true });
    await scene.invariants.hold(end, { exitCode: 2, cause: new RegExp(`${path} is a symbolic link`) });
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
