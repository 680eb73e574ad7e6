import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'dotenv';
import { findMisspelt } from './misspelt.js';
import type { Problem } from './problem.js';
import { lists, mayBeEmpty, type Variables, variables, wholeNumbers } from './schema/environment.js';

export type Environment = Record<string, string | undefined>;

export interface EnvironmentReading {
  settings: Variables;
  /** Every variable: those of `.env` under those of the environment. */
  all: Record<string, string>;
  originOf(name: string): string;
  problems: Problem[];
  /** Names that look like settings and are none, one line each. */
  warnings: string[];
}

/** Reads the environment, and under it `.env` in the working folder. Changes neither. */
export async function readEnvironment(env: Environment, cwd: string): Promise<EnvironmentReading> {
  const dotenvPath = join(cwd, '.env');
  const dotenv = await readDotenv(dotenvPath);
  const own = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const all = { ...dotenv.variables, ...Object.fromEntries(own) };
  const originOf = (name: string) => (env[name] === undefined ? dotenvPath : 'environment');

  const given = Object.fromEntries(namesIn(all).map((name) => [name, readValue(name, all[name] ?? '')]));
  const parsed = variables.safeParse(given);
  const problems = (parsed.error?.issues ?? []).map((issue) => {
    const name = String(issue.path[0]);
    return { field: name, value: all[name], allowed: issue.message, origin: originOf(name) };
  });
  const wrong = new Set(problems.map(({ field }) => field));
  const right = Object.fromEntries(Object.entries(given).filter(([name]) => !wrong.has(name)));
  const warnings = findMisspelt(Object.keys(all), Object.keys(variables.shape), originOf);
  return {
    settings: variables.parse(right),
    ...{ all, originOf, warnings, problems: [...dotenv.problems, ...problems] },
  };
}

function namesIn(all: Record<string, string>): string[] {
  const known = Object.keys(variables.shape);
  return known.filter((name) => all[name] !== undefined && !(all[name] === '' && mayBeEmpty.has(name)));
}

/** Strictly: `30d`, `1e3`, ` 7` and `` stay text, which the schema refuses. */
function readValue(name: string, text: string): string | number | string[] {
  if (lists.has(name)) return text.split(',').map((part) => part.trim());
  return wholeNumbers.has(name) && /^-?\d+$/.test(text) ? Number(text) : text;
}

async function readDotenv(path: string): Promise<{ variables: Record<string, string>; problems: Problem[] }> {
  try {
    return { variables: parse(await readFile(path)), problems: [] };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // A folder of that name is some other tool's, such as Python's virtual environment.
    if (code === 'ENOENT' || code === 'EISDIR' || code === 'ENOTDIR') return { variables: {}, problems: [] };
    return {
      variables: {},
      problems: [{ field: '.env', complaint: message, allowed: 'a readable file', origin: path }],
    };
  }
}
