import { spawn } from 'node:child_process';
import { chown, mkdtemp, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HoldfastError } from '../../domain/errors.js';
import { storing } from '../../files/storage-error.js';
import type { ControlData } from './control-data.js';
import { removeRunFolder, runFolderPrefix } from './postmaster.js';
import type { ServerAccount } from './server-account.js';
import type { ServerPrograms } from './server-programs.js';

export interface StartServerOptions {
  programs: ServerPrograms;
  dataDir: string;
  control: ControlData;
  account: ServerAccount | undefined;
  /** Settings above those that every recovering server gets, such as `shared_buffers`. */
  settings?: Record<string, string> | undefined;
}

/** A server that was started; it goes on when we end. */
export interface StartedServer {
  /** Private folder: its socket and its log. */
  runFolder: string;
  logFile: string;
  /** Resolves with the exit code when it has ended; undefined for a signal. */
  exited: Promise<number | undefined>;
  hasExited(): boolean;
}

/** So that the socket's path is no longer than the 107 bytes that Unix allows. */
const runFoldersParent = '/tmp';

/**
 * Starts a server on a data directory for nobody but us: no TCP, a socket in a private folder, no archiving (a trial must
 * never write into the archive that it recovers from), none of the cluster's own programs (preloaded libraries may be
 * job schedulers), its log in a file of the private folder. Its configuration is its own: `postgresql.conf` may lie
 * elsewhere, and name files of another machine. What is given on the command line counts above every file.
 */
export async function startServer(options: StartServerOptions): Promise<StartedServer> {
  const { programs, dataDir, account } = options;
  const attempted = `start a server on ${dataDir}`;
  const runFolder = await makeRunFolder(account);
  const logFile = join(runFolder, 'server.log');
  const log = await open(logFile, 'wx', 0o600);
  const args = ['-D', dataDir, ...asArguments(settingsOf(options, runFolder))];
  const child = spawn(programs.postgres, args, {
    cwd: '/',
    env: environment(),
    stdio: ['ignore', log.fd, log.fd],
    // It stays when this process ends: what is to be looked at, or approved, outlives a worker.
    detached: true,
    ...account,
  });
  const ended = new Promise<number | undefined>((resolve, reject) => {
    child.once('exit', (code) => resolve(code ?? undefined));
    child.once('error', (error) => reject(notStarted(attempted, programs, error)));
  });
  let hasExited = false;
  const exited = ended.finally(() => {
    hasExited = true;
  });
  exited.catch(() => removeRunFolder(runFolder));
  child.unref();
  await log.close();
  return { runFolder, logFile, exited, hasExited: () => hasExited };
}

async function makeRunFolder(account: ServerAccount | undefined): Promise<string> {
  const path = join(runFoldersParent, runFolderPrefix);
  return await storing({ attempted: `make a private folder in ${runFoldersParent}`, path }, async () => {
    const folder = await mkdtemp(path);
    const files = ['postgresql.conf', 'pg_hba.conf', 'pg_ident.conf'].map((name) => join(folder, name));
    for (const file of files) await writeFile(file, '', { mode: 0o600 });
    // Who can reach the socket at all is the server's account or root.
    await writeFile(join(folder, 'pg_hba.conf'), 'local all all trust\n');
    if (account) for (const name of [...files, folder]) await chown(name, account.uid, account.gid);
    return folder;
  });
}

function settingsOf(
  { control, settings = {} }: StartServerOptions,
  runFolder: string,
): Record<string, string> {
  return {
    config_file: join(runFolder, 'postgresql.conf'),
    hba_file: join(runFolder, 'pg_hba.conf'),
    ident_file: join(runFolder, 'pg_ident.conf'),
    listen_addresses: '',
    unix_socket_directories: runFolder,
    unix_socket_permissions: '0700',
    port: '5432',
    ssl: 'off',
    archive_mode: 'off',
    archive_command: '',
    synchronous_standby_names: '',
    shared_preload_libraries: '',
    session_preload_libraries: '',
    local_preload_libraries: '',
    hot_standby: 'on',
    shared_buffers: '128MB',
    huge_pages: 'off',
    logging_collector: 'off',
    log_destination: 'stderr',
    log_min_messages: 'warning',
    log_line_prefix: '%m [%p] ',
    log_timezone: 'UTC',
    timezone: 'UTC',
    lc_messages: 'C',
    // Sessions are let in during recovery only where these are as large as they were.
    ...control.settings,
    ...settings,
  };
}

function asArguments(settings: Record<string, string>): string[] {
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/** PATH for the programs that read the archive. */
function environment(): Record<string, string> {
  const { PATH = '/usr/local/bin:/usr/bin:/bin', LD_LIBRARY_PATH = '' } = process.env;
  return { PATH, LC_ALL: 'C', TZ: 'UTC', ...(LD_LIBRARY_PATH && { LD_LIBRARY_PATH }) };
}

function notStarted(attempted: string, { postgres }: ServerPrograms, error: Error): HoldfastError {
  return new HoldfastError('ToolMissing', {
    attempted,
    cause: `${postgres} cannot be run: ${error.message}`,
    remedy: 'let the account that the cluster belongs to read and run it, or set PG_BIN_DIR',
  });
}
