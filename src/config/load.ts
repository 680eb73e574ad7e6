import { resolveRoutes } from './alert-routes.js';
import { clusterNames, resolveCluster } from './cluster.js';
import type { Config } from './config.js';
import { resolveGlobal, type Sources } from './global-settings.js';
import { resolveMail } from './mail.js';
import { configurationInvalid, type Problem } from './problem.js';
import { type Environment, readEnvironment } from './read-environment.js';
import { readSettingsFile } from './read-file.js';
import { secretFilesOf } from './secret-files.js';
import { secretsOf } from './secrets.js';

export interface LoadConfigOptions {
  /** @defaultValue `process.env` */
  env?: Environment;
  /** Where `.env` and holdfast.yaml are looked for. @defaultValue the process's working folder */
  cwd?: string;
  /** A settings file that must be there, instead of holdfast.yaml in `cwd`. */
  file?: string | undefined;
}

/**
 * Reads the settings: environment over `.env` over holdfast.yaml over defaults. Variables hold for the default
 * cluster and in place of the file's `defaults`; what the file says of another cluster by name stands.
 *
 * @throws HoldfastError `ConfigurationInvalid` that lists everything wrong
 */
export async function loadConfig(options: LoadConfigOptions = {}): Promise<Config> {
  const { env = process.env, cwd = process.cwd(), file } = options;
  const sources: Sources = {
    environment: await readEnvironment(env, cwd),
    file: await readSettingsFile(cwd, file),
    cwd,
  };
  const global = resolveGlobal(sources);
  const config: Config = {
    ...{ ...global.config, clusters: {}, routes: [], origins: { ...global.origins } },
    ...{ secretFiles: [], warnings: sources.environment.warnings },
  };
  const problems = [...sources.environment.problems, ...sources.file.problems];
  // Which levels are right is not known where the method is wrong.
  const methodWrong = problems.some(({ field }) => /(?:^|\.)compression$/i.test(field));
  for (const name of clusterNames(sources)) {
    const resolved = await resolveCluster(name, global, sources);
    config.clusters[name] = resolved.cluster;
    Object.assign(config.origins, resolved.origins);
    problems.push(...resolved.problems.filter(({ field }) => !(methodWrong && /level$/i.test(field))));
  }
  problems.push(...(await addAlerts(config, sources)));
  if (problems.length > 0) throw configurationInvalid(problems, secretsOf(config));
  config.secretFiles = secretFilesOf(sources, config);
  return config;
}

/** What of alerts depends on the rest: who sends them, and which names routes may use. */
async function addAlerts(config: Config, sources: Sources): Promise<Problem[]> {
  const sendsAlerts = Object.values(config.clusters).some(({ host }) => host === config.host);
  const { mail, ...ofMail } = await resolveMail(sources, sendsAlerts);
  if (mail) config.mail = mail;
  const { routes, ...ofRoutes } = resolveRoutes(sources.file, config);
  config.routes = routes;
  Object.assign(config.origins, ofMail.origins, ofRoutes.origins);
  const wrong = [...sources.environment.problems, ...sources.file.problems, ...ofMail.problems];
  // A channel or cluster whose settings are wrong may be missing from those that are known.
  const isSure = !wrong.some(({ field }) => /^(?:alerts\.(?!routes)|clusters|ALERT_|SMTP_)/.test(field));
  return [...ofMail.problems, ...(isSure ? ofRoutes.problems : [])];
}
