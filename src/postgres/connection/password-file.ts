import { readFileSync, statSync } from 'node:fs';

/** What a password file is asked for. */
export interface PasswordQuestion {
  host: string;
  port: number;
  database: string;
  user: string;
}

/** A password, or why the file could not be used. Both absent: no line matches, or there is no file. */
export interface PasswordAnswer {
  password?: string;
  ignoredBecause?: string;
}

/**
 * The password that libpq would take from `file` (PostgreSQL manual, "The Password File"): the first line whose
 * host, port, database and user match. A file that others can read is ignored, as libpq does.
 */
export function readPasswordFile(file: string, question: PasswordQuestion): PasswordAnswer {
  let text: string;
  try {
    const stat = statSync(file);
    if (!stat.isFile()) return { ignoredBecause: `${file} is not a plain file` };
    if (stat.mode & 0o077)
      return { ignoredBecause: `${file} can be read by others; its permissions must be 0600` };
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    return code === 'ENOENT' ? {} : { ignoredBecause: `${file} cannot be read (${code})` };
  }
  const wanted = [hostName(question.host), String(question.port), question.database, question.user];
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith('#')) continue;
    const fields = splitFields(line);
    if (wanted.every((value, index) => fields[index] === '*' || unescaped(fields[index]) === value))
      return { password: unescaped(fields[4]) ?? '' };
  }
  return {};
}

/** libpq looks a connection through its built-in socket folder up under `localhost`; builds differ in that folder. */
function hostName(host: string): string {
  return host === '/var/run/postgresql' || host === '/tmp' ? 'localhost' : host;
}

/** Splits at colons that no backslash precedes; what follows the fourth belongs to the password. */
function splitFields(line: string): string[] {
  const fields = line.match(
    /^((?:\\.|[^:\\])*):((?:\\.|[^:\\])*):((?:\\.|[^:\\])*):((?:\\.|[^:\\])*):(.*)$/s,
  );
  return fields ? fields.slice(1) : [];
}

function unescaped(field: string | undefined): string | undefined {
  return field?.replace(/\\(.)/gs, '$1');
}
