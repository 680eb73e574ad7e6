import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
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
export async function backUpToSmallDisk(
  scene: Scene,
  { sizeKb, freeKb = 0 }: SmallDisk,
): Promise<CommandEnd> {
  const { backupDir, folder } = scene.place;
  const saved = join(mkdtempSync(join(folder, 'saved-')), 'repository');
  cpSync(backupDir, saved, { recursive: true, preserveTimestamps: true });
  const values = [backupDir, saved, String(sizeKb), String(freeKb)];
  const end = await scene.backUpUnder([...ownMounts, 'sh', '-c', script, 'sh', ...values]).end;
  rmSync(backupDir, { recursive: true });
  execFileSync('cp', ['-a', saved, backupDir]);
  return end;
}

/** Why a test can't have a small disk here; undefined when it can. */
export function whyNoSmallDisk(): string | undefined {
  const [file = '', ...args] = ownMounts;
  return whyNot(file, [...args, 'sh', '-c', 'mount -t tmpfs -o size=1m tmpfs /mnt']);
}
