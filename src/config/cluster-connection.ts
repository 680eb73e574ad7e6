import type { ConnectionSettings } from './config.js';
import { defined } from './layers.js';
import { readPassword } from './password-source.js';
import type { Problem } from './problem.js';
import type { EnvironmentReading } from './read-environment.js';
import type { FileReading } from './read-file.js';
import { resolvePath } from './resolve-path.js';
import type { ClusterFileSettings } from './schema/file.js';

export interface ResolvedConnection {
  connection: ConnectionSettings;
  /** By the path in holdfast.yaml. */
  origins: Record<string, string>;
  problems: Problem[];
}

interface Sources {
  cluster: string;
  environment: EnvironmentReading;
  file: FileReading;
  /** Folder of the environment's relative paths. */
  cwd: string;
  /** Whether this machine works on the cluster, and so must have its password. */
  isHere: boolean;
}

/** How a cluster is reached: libpq's variables for the default cluster, over what holdfast.yaml says. */
export async function resolveConnection(sources: Sources): Promise<ResolvedConnection> {
  const { cluster, environment, file } = sources;
  const prefix = ['clusters', cluster, 'connection'];
  const origins: Record<string, string> = {};
  const fromFile = connectionOfFile(file.settings.clusters?.[cluster]?.connection ?? {}, file.folder);
  const fromEnvironment = cluster === 'default' ? connectionOfEnvironment(environment, sources.cwd) : {};
  for (const key of Object.keys(fromFile))
    origins[[...prefix, key].join('.')] = file.originOf([...prefix, key]);
  for (const [key, variable] of Object.entries(variables)) {
    if (key in fromEnvironment) origins[[...prefix, key].join('.')] = environment.originOf(variable);
  }
  const connection = { ...fromFile, ...fromEnvironment };
  if (connection.password !== undefined) return { connection, origins, problems: [] };

  const named = file.settings.clusters?.[cluster]?.connection ?? {};
  const { password, key, problems } = await readPassword(named, prefix, sources);
  if (password !== undefined) origins[[...prefix, 'password'].join('.')] = file.originOf([...prefix, key]);
  return { connection: { ...connection, ...defined({ password }) }, origins, problems };
}

/** libpq's variable of each setting. */
const variables = {
  host: 'PGHOST',
  port: 'PGPORT',
  user: 'PGUSER',
  password: 'PGPASSWORD',
  service: 'PGSERVICE',
  sslmode: 'PGSSLMODE',
  sslrootcert: 'PGSSLROOTCERT',
  passfile: 'PGPASSFILE',
} as const satisfies Record<keyof ConnectionSettings, string>;

function connectionOfEnvironment({ settings }: EnvironmentReading, cwd: string): ConnectionSettings {
  return defined({
    host: settings.PGHOST,
    port: settings.PGPORT,
    user: settings.PGUSER,
    password: settings.PGPASSWORD,
    service: settings.PGSERVICE,
    sslmode: settings.PGSSLMODE,
    sslrootcert: certificates(settings.PGSSLROOTCERT, cwd),
    passfile: resolvePath(settings.PGPASSFILE, cwd),
  }) as ConnectionSettings;
}

type FileConnection = NonNullable<ClusterFileSettings['connection']>;

function connectionOfFile(settings: FileConnection, folder: string): ConnectionSettings {
  const { passwordFile, passwordEnv, sslrootcert, passfile, ...rest } = settings;
  const paths = { sslrootcert: certificates(sslrootcert, folder), passfile: resolvePath(passfile, folder) };
  return defined({ ...rest, ...paths }) as ConnectionSettings;
}

/** `system` means the operating system's own certificates. */
function certificates(path: string | undefined, folder: string): string | undefined {
  return path === 'system' ? path : resolvePath(path, folder);
}
