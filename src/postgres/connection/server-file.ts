import { stat } from 'node:fs/promises';
import type pg from 'pg';
import { reportedError } from './error.js';

/**
 * Why the file or folder at `path` here is not the one that the server sees there, which is told by the times of their
 * last changes; undefined when it is.
 */
export async function whyNotServersFile(client: pg.Client, path: string): Promise<string | undefined> {
  const seen = await asServerSees(client, path);
  if (typeof seen === 'string') return seen;
  const here = await stat(path).catch(() => undefined);
  const isSame = secondsOf(here?.mtimeMs) === seen.modified && secondsOf(here?.ctimeMs) === seen.changed;
  return isSame ? undefined : 'the server’s disk is not this machine’s';
}

/** The words of a server that does not tell of its files, or has no such file; other errors as they are. */
export function serverTellsNot(error: unknown): string {
  const { code, words } = reportedError(error);
  // insufficient_privilege, and the class of system errors
  if (!/^(42501|58...)$/.test(code)) throw error;
  return `the server does not tell where its files are: ${words}`;
}

interface Times {
  /** Seconds since 1970. */
  modified: number;
  changed: number;
}

async function asServerSees(client: pg.Client, path: string): Promise<Times | string> {
  try {
    const { rows } = await client.query<Times>(
      `SELECT floor(extract(epoch FROM modification))::float8 AS modified,
              floor(extract(epoch FROM change))::float8 AS changed
       FROM pg_stat_file($1)`,
      [path],
    );
    return rows[0] ?? 'the server does not tell where its files are';
  } catch (error) {
    return serverTellsNot(error);
  }
}

function secondsOf(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : Math.floor(milliseconds / 1000);
}
