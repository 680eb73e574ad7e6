import { readFile } from 'node:fs/promises';
import { execa } from 'execa';
import { archiveScriptName } from '../../../domain/wal/archive-command.js';
import type { ServerAccount } from '../../../domain/wal/archiving.js';
import { readText, statFile } from '../../../files/real-file.js';
import { writeWhole } from '../../../files/write-whole.js';
import { packagePath } from '../../../package-root.js';
import type { WalLayout } from './wal-layout.js';

/** The script as it comes with Holdfast. */
export const shippedScript = packagePath(`deploy/${archiveScriptName}`);

/** Whether the archive's script is there, and the one of this Holdfast. */
export async function isScriptCurrent({ script }: WalLayout): Promise<boolean> {
  if (!(await statFile(script))) return false;
  return (await readText(script)) === (await readFile(shippedScript, 'utf8'));
}

/**
 * Puts the script beside the archive, where any user can read it. One that runs goes on as it was. False when it was
 * there already.
 */
export async function installScript(layout: WalLayout): Promise<boolean> {
  if (await isScriptCurrent(layout)) return false;
  await writeWhole(layout.script, await readFile(shippedScript, 'utf8'), 0o644);
  return true;
}

/** Whether this process can do something as that account. */
export function canActAs({ uid }: ServerAccount): boolean {
  return process.getuid?.() === 0 || process.getuid?.() === uid;
}

/** Why that account can't archive here, by the script's own trial; undefined when it can. */
export async function whyNotArchivable(
  { script, incremental }: WalLayout,
  account: ServerAccount,
): Promise<string | undefined> {
  const identity = process.getuid?.() === account.uid ? {} : { uid: account.uid, gid: account.gid };
  const { exitCode, all, shortMessage } = await execa('sh', [script, incremental, '--check'], {
    ...identity,
    cwd: '/',
    all: true,
    reject: false,
    timeout: 60_000,
    env: { PATH: process.env.PATH ?? '', LC_ALL: 'C' },
    extendEnv: false,
  });
  return exitCode === 0 ? undefined : all.trim() || shortMessage || `it ended with exit code ${exitCode}`;
}
