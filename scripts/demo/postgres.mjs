// A private PostgreSQL server for the demo, from the programs that are installed here.
import { execFileSync, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Folder of the newest PostgreSQL server programs on this machine. */
function serverPrograms() {
  const onPath = spawnSync('pg_config', ['--bindir'], { encoding: 'utf8' }).stdout?.trim();
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [...versions.map((version) => join(debian, version, 'bin')), onPath].filter(Boolean);
  const found = folders.find((folder) => existsSync(join(folder, 'initdb')));
  if (found) return found;
  throw new Error('no PostgreSQL server programs here; install them: apt-get install postgresql');
}

/** PostgreSQL refuses to run as root: the account to run it as, or nothing for a plain user. */
function serverAccount() {
  if (process.getuid() !== 0) return {};
  for (const name of ['postgres', 'nobody']) {
    const id = (flag) => spawnSync('id', [flag, name], { encoding: 'utf8' });
    if (id('-u').status === 0) return { uid: Number(id('-u').stdout), gid: Number(id('-g').stdout) };
  }
  throw new Error('run as root, the demo needs an unprivileged account named postgres or nobody');
}

/** Starts a server on a private socket; `psql` runs SQL, there or on another server, `stop` ends it and removes its files. */
export function startPostgres() {
  const bin = serverPrograms();
  const account = serverAccount();
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-demo-'));
  const data = join(folder, 'pg');
  mkdirSync(data, { mode: 0o700 });
  if (account.uid !== undefined) for (const path of [folder, data]) chownSync(path, account.uid, account.gid);
  const env = { PATH: process.env.PATH, HOME: folder, LC_ALL: 'C.UTF-8' };
  const run = (program, args, options = {}) =>
    execFileSync(join(bin, program), args, {
      ...account,
      env,
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...options,
    });
  run('initdb', ['-D', data, '-U', 'postgres', '--auth=trust', '--no-sync', '--encoding=UTF8']);
  const options = `-c listen_addresses='' -c unix_socket_directories='${folder}' -c fsync=off -c archive_mode=on`;
  run('pg_ctl', ['-D', data, '-w', '-l', join(data, 'server.log'), '-o', options, 'start'], {
    stdio: 'ignore',
  });
  const connection = { PGHOST: folder, PGUSER: 'postgres' };
  const psql = (database, args, server = {}) =>
    execFileSync(join(bin, 'psql'), ['-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', database, ...args], {
      env: { ...env, ...connection, ...server, PGOPTIONS: '-c client_min_messages=warning' },
      encoding: 'utf8',
    }).trim();
  const setting = (sql) => psql('postgres', ['-c', sql, '-c', 'SELECT pg_reload_conf()']);
  // Segments count as archived, and are forgotten, until the demo comes to archiving.
  setting("ALTER SYSTEM SET archive_command = 'true'");
  return {
    bin,
    folder,
    connection,
    psql,
    beginArchiving: () => setting('ALTER SYSTEM RESET archive_command'),
    stop() {
      run('pg_ctl', ['-D', data, '-m', 'immediate', 'stop']);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
