import { secretsOfUrl } from '../mask-url.js';
import type { Config, SecretFileConfig } from './config.js';
import type { Sources } from './global-settings.js';
import { resolvePath } from './resolve-path.js';
import { secretVariable } from './secrets.js';

/** The files of this machine that hold what nobody else may read, as far as the settings tell. */
export function secretFilesOf(
  { environment, file }: Sources,
  { clusters, host }: Pick<Config, 'clusters' | 'host'>,
): SecretFileConfig[] {
  const passwords = Object.values(clusters).flatMap((cluster) => {
    const { passwordFile } = file.settings.clusters?.[cluster.name]?.connection ?? {};
    if (passwordFile === undefined || cluster.host !== host) return [];
    return [
      { path: resolvePath(passwordFile, file.folder), holds: `the password of cluster ${cluster.name}` },
    ];
  });
  const fromDotenv = Object.entries(environment.all).filter(
    ([name, value]) => value !== '' && environment.originOf(name) !== 'environment' && isSecret(name, value),
  );
  const [name] = fromDotenv[0] ?? [];
  const dotenv = name === undefined ? [] : [{ path: environment.originOf(name), holds: name }];
  const urls = JSON.stringify(file.settings.alerts ?? {}).match(/https?:\/\/[^"]+/g) ?? [];
  const settings = urls.some((url) => secretsOfUrl(url).length > 0)
    ? [{ path: file.originOf([]).replace(/:\d+$/, ''), holds: 'keys of alert channels' }]
    : [];
  return [...passwords, ...dotenv, ...settings];
}

function isSecret(name: string, value: string): boolean {
  return secretVariable.test(name) || secretsOfUrl(value).length > 0;
}
