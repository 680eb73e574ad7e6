import type { MailConfig } from './config.js';
import type { Sources } from './global-settings.js';
import { defined, type Found, find, layerOfEnvironment, layerOfFile, type VariablesOf } from './layers.js';
import { readPassword } from './password-source.js';
import type { Problem } from './problem.js';
import { resolvePath } from './resolve-path.js';
import type { MailFileSettings } from './schema/mail.js';

export interface ResolvedMail {
  /** Undefined: no mail is sent. */
  mail?: MailConfig;
  /** By the path in holdfast.yaml. */
  origins: Record<string, string>;
  problems: Problem[];
}

type Written = Omit<MailFileSettings, 'passwordFile' | 'passwordEnv'>;

const prefix = ['alerts', 'mail'] as const;

const variables = {
  host: 'SMTP_HOST',
  port: 'SMTP_PORT',
  tls: 'SMTP_TLS',
  caFile: 'SMTP_CA_FILE',
  user: 'SMTP_USER',
  from: 'SMTP_FROM',
  to: 'SMTP_TO',
} as const satisfies VariablesOf<Written>;

const usualPorts = { tls: 465, starttls: 587, none: 25 } as const;

/**
 * How alerts are sent by e-mail: variables over what holdfast.yaml says, each by itself.
 *
 * @param isHere whether this machine sends alerts, and so must have the password
 */
export async function resolveMail(sources: Sources, isHere: boolean): Promise<ResolvedMail> {
  const { file, cwd } = sources;
  const layers = [
    layerOfEnvironment<Written>(variables, sources.environment),
    layerOfFile<Written>(prefix, file.settings.alerts?.mail ?? {}, file),
  ];
  const origins: Record<string, string> = {};
  const take = <Key extends keyof Written & string>(key: Key) => {
    const found = find(layers, key);
    if (found) origins[[...prefix, key].join('.')] = found.origin;
    return found;
  };
  const host = take('host');
  const [from, to, user, ca] = [take('from'), take('to'), take('user'), take('caFile')];
  const written = [host, from, to, user, ca].filter((found) => found !== undefined);
  if (written.length === 0) return { origins: {}, problems: [] };
  const tls = take('tls')?.value ?? 'starttls';
  const port = take('port')?.value ?? usualPorts[tls];
  for (const key of ['tls', 'port']) origins[[...prefix, key].join('.')] ??= 'default';
  const isVariable = ca?.field === variables.caFile;
  const caFile = resolvePath(ca?.value, isVariable ? cwd : file.folder);

  const password = await passwordOf(sources, isHere);
  if (password.origin) origins[[...prefix, 'password'].join('.')] = password.origin;
  const problems = [
    ...missing({ host, from, to }, written[0]?.origin ?? file.originOf(prefix)).filter(
      ({ field }) => !isWrong(field, sources),
    ),
    ...problemsOfLogin({ tls, user, host: host?.value ?? '', password: password.value, isHere }),
    ...password.problems,
  ];
  const optional = defined({ caFile, user: user?.value, password: password.value });
  const mail: MailConfig = {
    ...{ host: host?.value ?? '', port, tls, from: from?.value ?? '', to: to?.value ?? [] },
    ...(optional as Pick<MailConfig, 'caFile' | 'user' | 'password'>),
  };
  return { mail, origins, problems };
}

/** What was written and is wrong is told so, and not missing. */
function isWrong(missing: string, { environment, file }: Sources): boolean {
  const key = missing.slice(`${prefix.join('.')}.`.length) as keyof Written;
  return [...environment.problems, ...file.problems].some(
    ({ field }) => field === variables[key] || field === missing || field.startsWith(`${missing}.`),
  );
}

/** What a mail can't be sent without. */
function missing(needed: Record<string, Found<unknown> | undefined>, origin: string): Problem[] {
  const allowed: Record<string, string> = {
    host: 'the mail server, here or as SMTP_HOST',
    from: 'the sender, here or as SMTP_FROM',
    to: 'the recipients, here or as SMTP_TO',
  };
  return Object.entries(needed)
    .filter(([, found]) => found === undefined)
    .map(([key]) => {
      const field = [...prefix, key].join('.');
      return { field, complaint: 'is missing', allowed: allowed[key] ?? '', origin };
    });
}

interface Login {
  tls: MailConfig['tls'];
  user: Found<string> | undefined;
  host: string;
  password: string | undefined;
  isHere: boolean;
}

const loopback = /^(?:localhost|127\.\d+\.\d+\.\d+|::1)$/;

function problemsOfLogin({ tls, user, host, password, isHere }: Login): Problem[] {
  if (!user) return [];
  const { field, value, origin } = user;
  const complaints = [
    ...(tls === 'none' && !loopback.test(host)
      ? [{ complaint: 'its password would go over the network in the clear', allowed: 'tls or starttls' }]
      : []),
    ...(password === undefined && isHere
      ? [{ complaint: 'it has no password', allowed: 'passwordFile, passwordEnv, or SMTP_PASSWORD' }]
      : []),
  ];
  return complaints.map((each) => ({ field, value, origin, ...each }));
}

async function passwordOf({ environment, file }: Sources, isHere: boolean) {
  const variable = environment.settings.SMTP_PASSWORD;
  if (variable !== undefined)
    return { value: variable, origin: environment.originOf('SMTP_PASSWORD'), problems: [] };
  const named = file.settings.alerts?.mail ?? {};
  const { password, key, problems } = await readPassword(named, prefix, { environment, file, isHere });
  const origin = password === undefined ? undefined : file.originOf([...prefix, key]);
  return { value: password, origin, problems };
}
