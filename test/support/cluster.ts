import { appendFile, chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { lastingPort } from './lasting-port.js';
import { environmentWithoutPg, type PostgresProcess, startPostgres } from './postgres-process.js';
import { type PostgresVersion, postgresBinDir } from './postgresql-binaries.js';
import { scratchRoot } from './server-user.js';
import { giveToServer, templateDataDir } from './template-data-dir.js';

export interface ClusterOptions {
  /** @defaultValue 15 */
  version?: PostgresVersion;
  /** Lines of postgresql.conf. */
  settings?: Record<string, string>;
  /** More arguments of `initdb`, such as `--data-checksums`. */
  initdbArgs?: string[];
  /** With it everybody must give this password (scram-sha-256); without, everybody is trusted. */
  password?: string;
}

/** A throw-away PostgreSQL server, on 127.0.0.1 and a private socket directory. */
export interface Cluster extends AsyncDisposable {
  readonly version: PostgresVersion;
  readonly socketDir: string;
  readonly port: number;
  readonly user: 'postgres';
  /** `PGHOST PGPORT PGUSER`, and `PGPASSWORD` where there is one. */
  readonly env: Record<string, string>;
  readonly binDir: string;
  readonly dataDir: string;
  /** The server's log. */
  readonly logFile: string;
  /** Process id of the postmaster; throws when it doesn't run. */
  readonly pid: number;
  /** Runs SQL with `psql -XAtq`, up to the first error; gives its output without the last line break. */
  psql(sql: string, database?: string): Promise<string>;
  createDatabase(name: string): Promise<void>;
  /** @param mode as `pg_ctl stop -m`. @defaultValue `fast` */
  stop(mode?: StopMode): Promise<void>;
  start(): Promise<void>;
}

/** What `pg_ctl` sends. */
const stopSignals = { smart: 'SIGTERM', fast: 'SIGINT', immediate: 'SIGQUIT' } as const;
type StopMode = keyof typeof stopSignals;

/** Starts a fresh cluster. Dispose of it (`await using`, or `[Symbol.asyncDispose]()`) to stop and remove it. */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const version = options.version ?? 15;
  const binDir = await postgresBinDir(version);
  const folder = await mkdtemp(join(scratchRoot(), 'hf-'));
  const cluster = new RunningCluster(version, binDir, folder, options.password);
  try {
    await cluster.create(options);
    return cluster;
  } catch (error) {
    await cluster[Symbol.asyncDispose]();
    throw error;
  }
}

class RunningCluster implements Cluster {
  readonly user = 'postgres';
  readonly socketDir: string;
  readonly dataDir: string;
  readonly logFile: string;
  port = 0;
  #server: PostgresProcess | undefined;

  constructor(
    readonly version: PostgresVersion,
    readonly binDir: string,
    readonly folder: string,
    private readonly password: string | undefined,
  ) {
    this.socketDir = join(folder, 's');
    this.dataDir = join(folder, 'data');
    this.logFile = join(folder, 'server.log');
  }

  get env(): Record<string, string> {
    const password = this.password === undefined ? {} : { PGPASSWORD: this.password };
    return { PGHOST: this.socketDir, PGPORT: String(this.port), PGUSER: this.user, ...password };
  }

  get pid(): number {
    if (!this.#server?.isRunning()) throw new Error('the cluster does not run');
    return this.#server.pid;
  }

  async create(options: ClusterOptions): Promise<void> {
    const template = await templateDataDir(this.binDir, options.initdbArgs ?? []);
    await execa('cp', ['-a', template, this.dataDir]);
    await mkdir(this.socketDir);
    await giveToServer(this.folder, this.socketDir);
    await chmod(this.folder, 0o755);
    await this.configure({
      listen_addresses: '127.0.0.1',
      unix_socket_directories: this.socketDir,
      fsync: 'off',
      timezone: 'UTC',
      log_timezone: 'UTC',
      ...options.settings,
    });
    await this.startOnFreePort();
    if (options.password !== undefined) await this.requirePassword(options.password);
  }

  async psql(sql: string, database = 'postgres'): Promise<string> {
    const args = ['-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', database];
    return (await this.run('psql', args, sql)).stdout;
  }

  async createDatabase(name: string): Promise<void> {
    await this.run('createdb', ['--', name]);
  }

  async start(): Promise<void> {
    if (!this.#server?.isRunning()) this.#server = await startPostgres(this);
  }

  async stop(mode: StopMode = 'fast'): Promise<void> {
    await this.#server?.stop(stopSignals[mode]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('immediate');
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  private run(tool: string, args: string[], input = '') {
    const env = { ...environmentWithoutPg(), ...this.env };
    return execa(join(this.binDir, tool), args, { input, env, extendEnv: false });
  }

  private async configure(settings: Record<string, string>): Promise<void> {
    const lines = Object.entries(settings).map(
      ([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`,
    );
    await appendFile(join(this.dataDir, 'postgresql.conf'), lines.join(''));
  }

  private async startOnFreePort(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      this.port = await lastingPort();
      await this.configure({ port: String(this.port) });
      try {
        return await this.start();
      } catch (error) {
        // Between our look and the server's start somebody else may have taken the port.
        if (attempt === 5 || !String(error).includes('Address already in use')) throw error;
      }
    }
  }

  private async requirePassword(password: string): Promise<void> {
    await this.psql(`ALTER ROLE postgres PASSWORD '${password.replaceAll("'", "''")}'`);
    const file = join(this.dataDir, 'pg_hba.conf');
    await writeFile(file, (await readFile(file, 'utf8')).replace(/trust$/gm, 'scram-sha-256'));
    await this.psql('SELECT pg_reload_conf()');
  }
}
