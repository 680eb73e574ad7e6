import { existsSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { ConnectionSettings } from '../../config/config.js';
import { HoldfastError } from '../../domain/errors.js';
import { readPasswordFile } from './password-file.js';
import { readService } from './service-file.js';
import { refuseUnmet } from './unmet-parameters.js';

/** libpq's `sslmode`, weakest first. */
const sslModes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;

export type SslMode = (typeof sslModes)[number];

/** Every question about a connection answered, so that our own sessions and PostgreSQL's programs can't differ. */
export interface ResolvedConnection {
  /** Host name, address, or absolute path of a socket folder. */
  host: string;
  /** Address to connect to when it is not to be looked up by `host`. */
  hostaddr?: string;
  port: number;
  user: string;
  database: string;
  password?: string;
  /** Why a password file that is there was not used. */
  passwordFileIgnored?: string;
  sslmode: SslMode;
  /** Absolute path, or `system`; undefined: the server's certificate is not checked. */
  sslrootcert?: string;
  sslcert?: string;
  sslkey?: string;
  connectTimeoutSeconds: number;
}

/**
 * Answers as libpq would: a setting, else the service's parameter, else libpq's default. The password is looked up
 * in the password file here, for both kinds of session.
 * @throws HoldfastError ConfigurationInvalid
 */
export function resolveConnection(
  settings: ConnectionSettings,
  database: string,
  environment: NodeJS.ProcessEnv = process.env,
): ResolvedConnection {
  const home = environment.HOME || homedir();
  const service = settings.service
    ? readService(settings.service, home, environment)
    : new Map<string, string>();
  refuseUnmet(service, environment);
  const given = (name: keyof ConnectionSettings | 'hostaddr' | 'connect_timeout' | 'sslcert' | 'sslkey') =>
    nonEmpty(name in settings ? settings[name as keyof ConnectionSettings] : undefined) ??
    nonEmpty(service.get(name));
  const port = wholeNumber('port', given('port') ?? '5432');
  const hostaddr = given('hostaddr');
  const connection = {
    host: singleHost(given('host') ?? hostaddr ?? defaultHost(port)),
    port,
    user: given('user') ?? osUser(),
    database,
  };
  const timeout = given('connect_timeout') ?? nonEmpty(environment.PGCONNECT_TIMEOUT) ?? '10';
  const passfile = given('passfile') ?? nonEmpty(environment.PGPASSFILE) ?? join(home, '.pgpass');
  const answer = readPasswordFile(passfile, connection);
  const password = given('password') ?? answer.password;
  return {
    ...connection,
    ...defined({ hostaddr, password, passwordFileIgnored: answer.ignoredBecause }),
    sslmode: sslMode(given('sslmode') ?? 'prefer'),
    ...defined({
      sslrootcert: given('sslrootcert') ?? nonEmpty(environment.PGSSLROOTCERT) ?? present(home, 'root.crt'),
      sslcert: given('sslcert') ?? nonEmpty(environment.PGSSLCERT) ?? present(home, 'postgresql.crt'),
      sslkey: given('sslkey') ?? nonEmpty(environment.PGSSLKEY) ?? present(home, 'postgresql.key'),
    }),
    connectTimeoutSeconds: wholeNumber('connect_timeout', timeout),
  };
}

/** Password files name replication by a database of that name. */
export function replicationConnection(settings: ConnectionSettings): ResolvedConnection {
  const connection = resolveConnection(settings, 'replication');
  return connection.password === undefined ? resolveConnection(settings, 'postgres') : connection;
}

/** Whether the connection goes through a Unix socket, where TLS has no place. */
export function isSocket(connection: ResolvedConnection): boolean {
  return (connection.hostaddr ?? connection.host).startsWith('/');
}

/** Where a connection leads, for messages; never with a password. */
export function showConnection(connection: ResolvedConnection): string {
  return `${connection.host}:${connection.port} as user ${JSON.stringify(connection.user)}`;
}

function nonEmpty(value: string | number | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : String(value);
}

/** Only the keys that have a value, as `exactOptionalPropertyTypes` asks. */
function defined<K extends string>(values: Record<K, string | undefined>): { [P in K]?: string } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [P in K]?: string;
  };
}

/** The socket folder of Debian's libpq or of PostgreSQL as it comes, whichever has a server's socket. */
function defaultHost(port: number): string {
  const folders = ['/var/run/postgresql', '/tmp'];
  return folders.find((folder) => existsSync(join(folder, `.s.PGSQL.${port}`))) ?? 'localhost';
}

function osUser(): string {
  try {
    return userInfo().username;
  } catch {
    throw invalid('user', '', 'a user: this process has no account on this machine to take the name from');
  }
}

function present(home: string, file: string): string | undefined {
  const path = join(home, '.postgresql', file);
  return existsSync(path) ? path : undefined;
}

function singleHost(host: string): string {
  if (host.startsWith('/') || !host.includes(',')) return host;
  throw invalid('host', host, 'one host: lists of hosts are not supported');
}

function wholeNumber(name: string, text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw invalid(name, text, 'a whole number');
}

function sslMode(text: string): SslMode {
  const mode = sslModes.find((known) => known === text);
  if (mode) return mode;
  throw invalid('sslmode', text, `one of ${sslModes.join(', ')}`);
}

function invalid(name: string, value: string, allowed: string): HoldfastError {
  return new HoldfastError('ConfigurationInvalid', {
    attempted: 'work out how to connect to PostgreSQL',
    cause: `${name} is ${JSON.stringify(value)}, and must be ${allowed}`,
    remedy: `Correct ${name} in the settings, the environment or the service file.`,
  });
}
