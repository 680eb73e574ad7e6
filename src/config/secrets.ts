import { secretsOfUrl } from '../mask-url.js';
import type { Config } from './config.js';

/** Variables of Temporal's that hold what nobody may read. */
export const secretVariable = /(?:API_KEY|_KEY_DATA|AUTHORIZATION|PASSWORD|TOKEN|SECRET)/;

/** Every secret in the settings, for `createRedactor` and `createLogger`. */
export function secretsOf(config: Config): string[] {
  const passwords = Object.values(config.clusters).map(({ connection }) => connection.password ?? '');
  const variables = Object.entries(config.temporal.variables).filter(([name]) => secretVariable.test(name));
  const urls = [config.alertEndpoint, config.deadMansSwitch, ...config.webhooks.map(({ url }) => url)];
  const url = urls.flatMap((each) => (each === undefined ? [] : secretsOfUrl(each)));
  const mail = config.mail?.password ?? '';
  return [...new Set([...passwords, mail, ...variables.map(([, value]) => value), ...url])].filter(
    (secret) => secret !== '',
  );
}
