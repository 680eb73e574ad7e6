import { access, constants, lstat, readdir, readFile, readlink, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { HoldfastError } from '../../domain/errors.js';
import type { StandingCluster } from '../../domain/recovery/evidence.js';
import { lstatIfThere } from '../../files/real-file.js';
import { errorCode, storing } from '../../files/storage-error.js';
import { refused } from './claim-folder.js';
import { type ControlData, readControlData } from './control-data.js';
import { runningPostmaster } from './postmaster.js';
import { findServerPrograms } from './server-programs.js';

/**
 * Looks at the cluster of a data directory that another is to take the place of, and touches nothing.
 * @throws HoldfastError `DataDirectoryRefused` where a server runs on it or may run, or where it can't be renamed;
 *   `ToolMissing` without `pg_controldata` of its version
 */
export async function inspectStanding(
  attempted: string,
  path: string,
  pgBinDir?: string,
): Promise<StandingCluster> {
  const version = await storing({ attempted, path }, () => readFile(join(path, 'PG_VERSION'), 'utf8'));
  const pgVersion = version.trim();
  const programs = await findServerPrograms(Number.parseInt(pgVersion, 10), pgBinDir);
  // What can't be read any more may well be why it is to be replaced.
  const control = await readControlData(programs, path).catch((error: unknown) => {
    if (error instanceof HoldfastError) return error.story.cause;
    throw error;
  });
  await refuseRunning(attempted, path, control);
  await refuseImmovable(attempted, path);
  const tablespaces = await tablespacesOf(attempted, path);
  const { dev, ino } = await lstat(path);
  const walFolder = await linkTarget(join(path, 'pg_wal'));
  const facts = typeof control === 'string' ? undefined : control;
  return {
    ...{ path, pgVersion, tablespaces, walFolder: walFolder ?? null },
    identity: `${dev}:${ino}`,
    unreadable: typeof control === 'string' ? control : null,
    state: facts?.state ?? null,
    systemIdentifier: facts?.systemIdentifier ?? null,
    checkpointLsn: facts?.checkpointLsn ?? null,
    checkpointAt: facts?.checkpointAt ?? null,
    timeline: facts?.timeline ?? null,
    unarchivedSegments: await unarchivedIn(path),
  };
}

/** Bytes on disk of a cluster and its tablespaces; null where `du` does not tell. */
export async function sizeOnDisk(
  { path, tablespaces }: StandingCluster,
  signal: AbortSignal,
): Promise<number | null> {
  const folders = [path, ...tablespaces];
  const options = { reject: false, stdin: 'ignore', cancelSignal: signal } as const;
  const { stdout, failed } = await execa('du', ['-skc', '--', ...folders], options);
  signal.throwIfAborted();
  const total = Number(stdout.split('\n').at(-1)?.split('\t')[0]);
  return failed || Number.isNaN(total) ? null : total * 1024;
}

/** A server may run where its process can't be seen: in a container, or on another host that has the same disk. */
async function refuseRunning(attempted: string, path: string, control: ControlData | string): Promise<void> {
  const server = await runningPostmaster(path);
  if (server) {
    const cause = `a server runs on it (process ${server.pid})`;
    throw refused(attempted, path, cause, `stop it first: pg_ctl -D ${path} stop`);
  }
  if (!(await lstatIfThere(join(path, 'postmaster.pid')))) return;
  const state = typeof control === 'string' ? 'its control file can’t be read' : `it is "${control.state}"`;
  if (state.startsWith('it is "shut down')) return;
  const cause = `it has a postmaster.pid, and ${state}: it crashed, or its server runs in a container or on another host`;
  const remedy = 'make sure that no server runs on it, then remove its postmaster.pid';
  throw refused(attempted, path, cause, remedy);
}

/**
 * Refuses a folder that can’t be renamed, before hours of recovery: the exchange is two renames in the folder above.
 * @throws HoldfastError `DataDirectoryRefused`
 */
export async function refuseImmovable(attempted: string, path: string): Promise<void> {
  const real = await realpath(path);
  const parent = dirname(real);
  const isMount = (await lstat(real)).dev !== (await lstat(parent)).dev || (await isMountPoint(real));
  if (isMount) {
    const cause = 'it is a mount point, which can’t be renamed';
    const remedy = `recover into a folder below it, such as ${join(path, 'data')}, or into another, and mount that in its place`;
    throw refused(attempted, path, cause, remedy);
  }
  await access(parent, constants.W_OK).catch((error: unknown) => {
    const cause = `${parent} can’t be written (${errorCode(error)}), where the recovered cluster lies beside it until both are renamed`;
    throw refused(attempted, path, cause, 'run this as who owns that folder, or as root');
  });
}

/** A folder of the same disk that is mounted there, as containers have it, has the same device. */
async function isMountPoint(path: string): Promise<boolean> {
  const text = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  const plain = (word: string) =>
    word.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
  return text.split('\n').some((line) => plain(line.split(' ')[4] ?? '') === path);
}

/** Folders of its tablespaces. One inside the data directory would be found in the other cluster after the exchange. */
async function tablespacesOf(attempted: string, path: string): Promise<string[]> {
  const links = join(path, 'pg_tblspc');
  const names = await readdir(links).catch((): string[] => []);
  const found = await Promise.all(names.map((name) => linkTarget(join(links, name))));
  const folders = found.filter((folder) => folder !== undefined);
  const inside = folders.find((folder) => `${folder}/`.startsWith(`${path}/`));
  if (inside === undefined) return folders;
  const cause = `its tablespace ${inside} lies in it, and would not be found any more when it is moved aside`;
  throw refused(attempted, path, cause, 'recover into another folder, and exchange them by hand');
}

/** Undefined for what is no link. A path that leads nowhere is given as it stands. */
async function linkTarget(path: string): Promise<string | undefined> {
  const text = await readlink(path).catch(() => undefined);
  return text === undefined ? undefined : await realpath(path).catch(() => text);
}

/** Segments that the server had not archived when it ended. */
async function unarchivedIn(path: string): Promise<number> {
  const names = await readdir(join(path, 'pg_wal', 'archive_status')).catch((): string[] => []);
  return names.filter((name) => /^[0-9A-F]{24}\.ready$/.test(name)).length;
}
