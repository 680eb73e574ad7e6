import { open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { parse } from 'yaml';
import { HoldfastError } from '../domain/errors.js';
import { syncFolder } from '../files/durable.js';
import { storing } from '../files/storage-error.js';
import { maskUrl } from '../mask-url.js';

/** A file to be made, this user's alone. */
export interface NewFile {
  path: string;
  text: string;
}

/** Makes files, all of them or none; one that is there is never touched. */
export async function writeNew(files: readonly NewFile[]): Promise<void> {
  const made: string[] = [];
  try {
    for (const { path, text } of files) {
      await storing({ attempted: `write ${path}`, path }, async () => {
        const handle = await open(path, 'wx', 0o600);
        made.push(path);
        try {
          await handle.writeFile(text);
          await handle.sync();
        } finally {
          await handle.close();
        }
        await syncFolder(dirname(path));
      });
    }
  } catch (error) {
    for (const path of made) await rm(path, { force: true });
    throw error;
  }
}

/**
 * Refuses a settings file that says something else than the new one would; true when both say the same.
 * @throws HoldfastError ConfigurationInvalid naming what differs
 */
export function requireSame(path: string, there: string, wanted: string): true {
  const differing = differences(parseOrEmpty(there), parse(wanted) as unknown);
  if (differing.length === 0) return true;
  throw new HoldfastError('ConfigurationInvalid', {
    attempted: `write ${path}`,
    cause: ['it is there already, and is never overwritten', ...differing].join('\n'),
    remedy:
      'change those settings in it by hand, or move it away first; `holdfast doctor` looks at it as it is',
  });
}

function parseOrEmpty(text: string): unknown {
  try {
    return parse(text) as unknown;
  } catch {
    return {};
  }
}

/** What the new settings would say otherwise. What is only in the old ones is nobody's loss: they stay. */
function differences(there: unknown, wanted: unknown, path: string[] = []): string[] {
  if (isMap(wanted))
    return Object.entries(wanted).flatMap(([name, value]) =>
      differences(isMap(there) ? there[name] : undefined, value, [...path, name]),
    );
  if (isDeepStrictEqual(there, wanted)) return [];
  return [`${path.join('.')}: ${shown(there)} there, ${shown(wanted)} asked for`];
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = typeof value === 'string' && value.includes('://') ? maskUrl(value) : value;
  return JSON.stringify(text).slice(0, 100);
}
