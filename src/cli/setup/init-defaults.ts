import { resolvePath } from '../../config/resolve-path.js';
import type { FoundServer } from '../../setup/find-databases.js';
import type { SetupAnswers } from '../../setup/settings-text.js';
import type { CommandContext } from '../context.js';

export interface InitOptions {
  printRoles?: boolean;
  yes?: boolean;
  file: string;
  host?: string;
  port?: number;
  user?: string;
  backupDir?: string;
  retentionDays?: number;
  compression?: SetupAnswers['compression'];
  alertEndpoint?: string;
}

/** What was answered, and what was found with it. */
export interface Setup {
  answers: SetupAnswers;
  found: FoundServer;
  /** A password that was typed, for a file of its own. */
  password?: string;
}

/** What options and settings say, and where both are silent the defaults. */
export function defaultAnswers({ config }: CommandContext, options: InitOptions): SetupAnswers {
  const { host, port, user, service } = config.clusters.default?.connection ?? {};
  const connection = {
    ...(service !== undefined && { service }),
    ...((options.host ?? host) !== undefined && { host: options.host ?? host }),
    ...((options.port ?? port) !== undefined && { port: options.port ?? port }),
    ...((options.user ?? user) !== undefined && { user: options.user ?? user }),
  } as SetupAnswers['connection'];
  const { compression = 'gzip', retentionDays = 30 } = config.clusters.default ?? {};
  const alertEndpoint = options.alertEndpoint ?? config.alertEndpoint;
  return {
    ...{ cluster: 'default', connection },
    backupDir: options.backupDir ? resolvePath(options.backupDir, process.cwd()) : config.backupDir,
    retentionDays: options.retentionDays ?? retentionDays,
    compression: options.compression ?? compression,
    ...(alertEndpoint !== undefined && { alertEndpoint }),
  };
}

/** Besides what is written down: where the environment has a password and TLS from. */
export function connectionOf({ config }: CommandContext, { connection }: SetupAnswers, password?: string) {
  return {
    ...config.clusters.default?.connection,
    ...connection,
    ...(password !== undefined && { password }),
  };
}
