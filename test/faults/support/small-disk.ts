import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { CommandEnd } from '../../support/holdfast.js';
import type { Scene } from './scene.js';
import { whyNot } from './why-not.js';

/** A mount namespace of the command's own. */
const ownMounts = process.getuid?.() === 0 ? ['unshare', '-m'] : ['unshare', '-Urm'];

/**
 * Puts the repository on a disk of `sizeKb` with `$free` kB free (0: as many as there are), runs the command, and
 * saves what is on the disk, which goes with the command.
 */
const script = `
repository=$1 saved=$2 size=$3 free=$4; shift 4
mount -t tmpfs -o size="$size"k tmpfs "$repository" || exit 99
cp -a "$saved"/. "$repository" || exit 99
if [ "$free" -gt 0 ]; then
  all=$(df --output=avail -k "$repository" | tail -n 1)
  head -c $(( (all - free) * 1024 )) /dev/zero > "$repository/filler"
fi
"$@"
code=$?
rm -rf "$saved" "$repository/filler"
cp -a "$repository" "$saved"
exit $code`;

export interface SmallDisk {
  sizeKb: number;
  freeKb?: number;
}

/** Backs up to a small disk. Afterwards the repository is as it was left there, on a disk that has room. */
export async function backUpToSmallDisk(scene: Scene, disk: SmallDisk): Promise<CommandEnd> {
  return onSmallDisk(scene.place, disk, (wrapper) => scene.backUpUnder(wrapper).end);
}

/**
 * Runs a command, as the last arguments of a wrapper, while the repository is on a small disk and for that command alone:
 * a server that archives finds nothing there meanwhile. `folder` is for a copy.
 */
export async function onSmallDisk(
  { backupDir, folder }: { backupDir: string; folder: string },
  { sizeKb, freeKb = 0 }: SmallDisk,
  run: (wrapper: string[]) => PromiseLike<CommandEnd>,
): Promise<CommandEnd> {
  const saved = join(mkdtempSync(join(folder, 'saved-')), 'repository');
  execFileSync('cp', ['-a', backupDir, saved]);
  rmSync(backupDir, { recursive: true });
  mkdirSync(backupDir);
  const values = [backupDir, saved, String(sizeKb), String(freeKb)];
  const end = await run([...ownMounts, 'sh', '-c', script, 'sh', ...values]);
  rmSync(backupDir, { recursive: true });
  execFileSync('cp', ['-a', saved, backupDir]);
  return end;
}

/** Why a test can't have a small disk here; undefined when it can. */
export function whyNoSmallDisk(): string | undefined {
  const [file = '', ...args] = ownMounts;
  return whyNot(file, [...args, 'sh', '-c', 'mount -t tmpfs -o size=1m tmpfs /mnt']);
}
