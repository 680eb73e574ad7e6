import { constants } from 'node:fs';
import { chown, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { targetSettingNames } from '../../domain/recovery/target.js';
import { storing } from '../../files/storage-error.js';
import { archiveScript, archiveScriptName } from './archive-script.js';
import type { ServerAccount } from './server-account.js';

const signalName = 'recovery.signal';
const settingsName = 'postgresql.auto.conf';

/**
 * Settings that decide where recovery reads from and where it ends. Those that the cluster had are taken out: left over
 * from an earlier recovery or from its life as a standby they would contradict ours.
 */
const ownedNames: readonly string[] = [
  ...targetSettingNames,
  'restore_command',
  'archive_cleanup_command',
  'recovery_end_command',
  'primary_conninfo',
  'primary_slot_name',
];

/**
 * Makes a data directory one that recovers when it is started, whoever starts it: `recovery.signal`, the settings in
 * `postgresql.auto.conf`, the script that fetches WAL.
 */
export async function writeRecovery(
  dataDir: string,
  settings: Record<string, string>,
  account: ServerAccount | undefined,
): Promise<void> {
  const kept = await foreignLines(dataDir);
  const ours = Object.entries(settings).map(([name, value]) => `${name} = ${quoteSetting(value)}`);
  await replaceFile(dataDir, settingsName, [...kept, ...ours, ''].join('\n'), account);
  await replaceFile(dataDir, archiveScriptName, archiveScript, account);
  await replaceFile(dataDir, signalName, '', account);
}

/** Takes all of it away again, once recovery has ended. */
export async function removeRecovery(dataDir: string, account: ServerAccount | undefined): Promise<void> {
  const kept = await foreignLines(dataDir);
  await replaceFile(dataDir, settingsName, [...kept, ''].join('\n'), account);
  await rm(join(dataDir, archiveScriptName), { force: true });
}

/** The lines of postgresql.auto.conf that set nothing of ours. */
async function foreignLines(dataDir: string): Promise<string[]> {
  const path = join(dataDir, settingsName);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return '';
  });
  const lines = text.split('\n').filter((line) => {
    const name = /^\s*([a-z_.0-9]+)/i.exec(line)?.[1]?.toLowerCase();
    return name === undefined || !ownedNames.includes(name);
  });
  while (lines.at(-1) === '') lines.pop();
  return lines;
}

/** A value for postgresql.conf, where a backslash begins an escape. */
function quoteSetting(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

/** By a new file and a rename: a link that stands there is replaced, never followed. */
async function replaceFile(
  dataDir: string,
  name: string,
  text: string,
  account: ServerAccount | undefined,
): Promise<void> {
  const path = join(dataDir, name);
  const draft = `${path}.holdfast_new`;
  await storing({ attempted: `write ${path}`, path }, async () => {
    await rm(draft, { force: true });
    const handle = await open(
      draft,
      constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW | constants.O_WRONLY,
      0o600,
    );
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (account) await chown(draft, account.uid, account.gid);
    await rename(draft, path);
  });
}
