import type { z } from 'zod';
import { nearest } from './nearest.js';
import type { Problem } from './problem.js';
import {
  clusterNameAllowed,
  configJsonSchema,
  type FileSettings,
  fileSchema,
  type JsonSchema,
} from './schema/file.js';

type Path = readonly PropertyKey[];
type Issue = z.core.$ZodIssue;

/** Checks a parsed holdfast.yaml: what is right in it, and everything that is wrong. */
export function findProblems(
  plain: unknown,
  originOf: (path: Path) => string,
): { settings: FileSettings; problems: Problem[] } {
  const unusable = unusableNames(plain);
  if (unusable.length > 0) {
    const rest = findProblems(
      unusable.reduce<unknown>((left, path) => without(left, path), plain),
      originOf,
    );
    return {
      settings: rest.settings,
      problems: [...unusable.map((path) => refused(path, originOf)), ...rest.problems],
    };
  }
  const parsed = fileSchema.safeParse(plain);
  if (parsed.success) return { settings: parsed.data, problems: [] };
  const wrong = parsed.error.issues.flatMap((issue) => wrongPaths(issue).map((path) => ({ issue, path })));
  const problems = wrong.map(({ issue, path }) => {
    const field = path.map(String).join('.') || 'holdfast.yaml';
    return {
      field,
      value: showable(plain, path, issue),
      origin: originOf(path),
      ...complaintOf(issue, path),
    };
  });
  // What is left may hold more, as behind a cluster's wrong name, and has the settings that later checks need.
  const rest = findProblems(
    wrong.reduce((left, { path }) => without(left, removable(plain, path)), plain),
    originOf,
  );
  return { settings: rest.settings, problems: [...problems, ...rest.problems] };
}

/** Where a key is `__proto__`, which zod leaves out without a word: a database's policy must not be lost so. */
function unusableNames(plain: unknown, above: Path = []): Path[] {
  if (!isPlainMap(plain)) return [];
  return Object.entries(plain).flatMap(([key, value]) => {
    const path = [...above, key];
    return key === '__proto__' ? [path] : unusableNames(value, path);
  });
}

function refused(path: Path, originOf: (path: Path) => string): Problem {
  return {
    field: path.map(String).join('.'),
    complaint: 'this name can not be used in the settings',
    allowed: 'any other; for a database of that name set what holds for its whole cluster',
    origin: originOf(path),
  };
}

function wrongPaths(issue: Issue): Path[] {
  return issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
}

function complaintOf(issue: Issue, path: Path): Pick<Problem, 'complaint' | 'allowed'> {
  if (issue.code === 'invalid_key') {
    return path.includes('databases')
      ? { complaint: 'no name for a database', allowed: 'one that is not empty' }
      : { complaint: 'no name for a cluster', allowed: clusterNameAllowed };
  }
  if (issue.code !== 'unrecognized_keys') return { allowed: issue.message };
  const key = String(path.at(-1));
  const known = Object.keys(schemaAt(path.slice(0, -1)).properties ?? {});
  const meant = nearest(key, [...known, 'password']);
  if (meant === 'password') {
    const sources = ['passwordFile', 'passwordEnv', 'service', 'passfile'].filter((each) =>
      known.includes(each),
    );
    return {
      complaint: 'a password in plain is refused',
      allowed:
        sources.length > 1 ? `${sources.slice(0, -1).join(', ')} or ${sources.at(-1)}` : known.join(', '),
    };
  }
  return { complaint: `unknown key${meant ? `, did you mean ${meant}?` : ''}`, allowed: known.join(', ') };
}

let described: JsonSchema | undefined;

function schemaAt(path: Path): JsonSchema {
  described ??= configJsonSchema();
  return path.reduce<JsonSchema>((schema, key) => below(schema, key), described);
}

function below({ properties, additionalProperties, items }: JsonSchema, key: PropertyKey): JsonSchema {
  if (items && typeof key === 'number') return items;
  return properties?.[String(key)] ?? (typeof additionalProperties === 'object' ? additionalProperties : {});
}

/** A map's key with nothing behind it is an empty map: `clusters: {shop: }` describes a cluster by defaults alone. */
export function fillEmptyMaps(plain: unknown, schema: JsonSchema = schemaAt([])): unknown {
  if (plain === null && schema.type === 'object') return {};
  if (!isPlainMap(plain)) return plain;
  return Object.fromEntries(
    Object.entries(plain).map(([key, value]) => [key, fillEmptyMaps(value, below(schema, key))]),
  );
}

function isPlainMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Under a wrong name in a connection anything can stand, also a password. */
function showable(plain: unknown, path: Path, { code }: Issue): unknown {
  const mayBeSecret = path.includes('connection') || (path[0] === 'alerts' && path[1] === 'mail');
  return code === 'unrecognized_keys' && mayBeSecret ? undefined : valueAt(plain, path);
}

function valueAt(plain: unknown, path: Path): unknown {
  const at = (value: unknown, key: PropertyKey) =>
    Array.isArray(value) ? value[Number(key)] : isPlainMap(value) ? value[String(key)] : undefined;
  return path.reduce<unknown>(at, plain);
}

/** What lacks something can't stay without it. */
function removable(plain: unknown, path: Path): Path {
  return valueAt(plain, path) === undefined ? path.slice(0, -1) : path;
}

/** Of a list nothing is left: all that is wrong in it was told at once. */
function without(plain: unknown, path: Path): unknown {
  const [first, ...rest] = path;
  if (first === undefined || !isPlainMap(plain)) return {};
  const { [String(first)]: inner, ...others } = plain;
  return rest.length === 0 || inner === undefined || Array.isArray(inner)
    ? others
    : { ...others, [String(first)]: without(inner, rest) };
}
