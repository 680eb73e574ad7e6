import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HoldfastError } from '../../domain/errors.js';
import { isKnownParameter } from './unmet-parameters.js';

/**
 * The parameters of a service, looked up as libpq does: in PGSERVICEFILE or else `~/.pg_service.conf`, then in
 * `pg_service.conf` of PGSYSCONFDIR (PostgreSQL manual, "The Connection Service File").
 */
export function readService(
  service: string,
  home: string,
  environment: NodeJS.ProcessEnv,
): Map<string, string> {
  const own = environment.PGSERVICEFILE || join(home, '.pg_service.conf');
  const folders = environment.PGSYSCONFDIR ? [environment.PGSYSCONFDIR] : systemFolders;
  const files = [own, ...folders.map((folder) => join(folder, 'pg_service.conf'))];
  for (const file of files) {
    const parameters = readSection(file, service);
    if (parameters) return parameters;
  }
  throw new HoldfastError('ConfigurationInvalid', {
    attempted: `look up the service ${JSON.stringify(service)}`,
    cause: `no section of that name in ${files.join(', ')}`,
    remedy: 'Add the section to one of these files, or correct PGSERVICE.',
  });
}

/** What libpq has built in on Debian, on Red Hat's and PGDG's builds, and from source. */
const systemFolders = ['/etc/postgresql-common', '/etc/sysconfig/pgsql', '/usr/local/pgsql/etc'];

function readSection(file: string, service: string): Map<string, string> | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  let found: Map<string, string> | undefined;
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    if (line.startsWith('[')) {
      // libpq takes the first section of a name and none after it.
      if (found) return found;
      if (line === `[${service}]`) found = new Map();
    } else if (found) {
      addParameter(found, line, `${file}, line ${index + 1}`);
    }
  }
  return found;
}

function addParameter(parameters: Map<string, string>, line: string, where: string): void {
  const equals = line.indexOf('=');
  if (equals < 1) {
    // The line isn't shown: it may be half of a password.
    throw new HoldfastError('ConfigurationInvalid', {
      attempted: 'read the connection service file',
      cause: `${where} is not "keyword=value"`,
      remedy: 'Correct the line.',
    });
  }
  const keyword = line.slice(0, equals).trim();
  if (!isKnownParameter(keyword))
    throw new HoldfastError('ConfigurationInvalid', {
      attempted: 'read the connection service file',
      cause: `${where} names ${JSON.stringify(keyword)}, which is no connection parameter that is known here`,
      remedy: 'Correct or remove the line.',
    });
  if (parameters.has(keyword)) return;
  const value = line.slice(equals + 1).trim();
  if (keyword === 'port') requirePort(value, where);
  parameters.set(keyword, value);
}

/** A number that is no port would count as a server that can't be reached. */
function requirePort(value: string, where: string): void {
  if (value === '' || (/^\d{1,5}$/.test(value) && Number(value) >= 1 && Number(value) <= 65_535)) return;
  throw new HoldfastError('ConfigurationInvalid', {
    attempted: 'read the connection service file',
    cause: `port is ${JSON.stringify(value)} in ${where}, and must be a whole number from 1 to 65535`,
    remedy: 'Correct the line.',
  });
}
