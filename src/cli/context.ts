import type { ClusterConfig, Config } from '../config/config.js';
import { stateDirectory, temporalDirectory } from '../config/directories.js';
import { loadConfig } from '../config/load.js';
import { wantedPorts } from '../config/own-temporal.js';
import { HoldfastError } from '../domain/errors.js';
import { createLogger, type Logger, type LoggerOptions, type LogLevel } from '../log.js';
import { secretsOf } from '../redact.js';
import type { FindTemporalOptions } from '../temporal/connection.js';
import { createOutput, type Output } from './output/output.js';

export interface GlobalOptions {
  config?: string;
  quiet?: boolean;
  verbose?: boolean;
  json?: boolean;
  color?: boolean;
}

/** What every command works with. */
export interface CommandContext {
  config: Config;
  output: Output;
  log: Logger;
  logOptions: LoggerOptions;
  temporalOptions: FindTemporalOptions;
  /** Where Holdfast keeps what must outlast a restart. */
  stateDir: string;
  env: NodeJS.ProcessEnv;
}

/** Reads the settings and prepares output and logs. Nothing is started yet. */
export async function createContext(options: GlobalOptions, env: NodeJS.ProcessEnv): Promise<CommandContext> {
  const output = createOutput({
    json: options.json === true,
    quiet: options.quiet === true,
    verbose: options.verbose === true,
    color: options.color !== false,
    env,
  });
  const config = await loadConfig({
    env,
    cwd: process.cwd(),
    ...(options.config && { file: options.config }),
  });
  const logOptions: LoggerOptions = {
    destination: output.isTerminal ? 'terminal' : 'json',
    level: logLevel(options, output.isTerminal),
    color: output.color,
    secrets: secretsOf(config),
  };
  const log = createLogger(logOptions);
  return {
    ...{ config, output, log, logOptions, stateDir: stateDirectory(env), env },
    temporalOptions: temporalOptions(config, output, env),
  };
}

/** To a person at a terminal the command itself tells what went wrong; the rest is in the operation's log. */
function logLevel({ quiet, verbose }: GlobalOptions, isTerminal: boolean): LogLevel {
  if (verbose) return 'debug';
  if (isTerminal) return 'silent';
  return quiet ? 'error' : 'warn';
}

function temporalOptions(config: Config, output: Output, env: NodeJS.ProcessEnv): FindTemporalOptions {
  return {
    address: config.temporal.address,
    namespace: config.temporal.namespace,
    env: { ...env, ...config.temporal.variables },
    stateDir: temporalDirectory(config, env),
    onProgress: (message) => output.note(message),
    embedded: { ports: wantedPorts(config) },
  };
}

/**
 * The cluster of that name.
 *
 * @throws HoldfastError `ConfigurationInvalid` naming those that are configured
 */
export function clusterNamed(config: Config, name: string): ClusterConfig {
  const cluster = Object.hasOwn(config.clusters, name) ? config.clusters[name] : undefined;
  if (cluster) return cluster;
  throw new HoldfastError('ConfigurationInvalid', {
    attempted: `look up cluster "${name}"`,
    cause: `the settings describe only ${Object.keys(config.clusters).join(', ')}`,
    remedy: 'name one of them with `--cluster`',
  });
}

/** One cluster by name, or all of them. */
export function clustersNamed(config: Config, name: string | undefined): ClusterConfig[] {
  return name === undefined ? Object.values(config.clusters) : [clusterNamed(config, name)];
}
