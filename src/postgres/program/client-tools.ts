import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { HoldfastError } from '../../domain/errors.js';
import { errorCode } from '../../files/storage-error.js';
import { isScript, programVersion } from '../../program-version.js';
import { notRunnable } from './not-runnable.js';

/** One of PostgreSQL's client programs. */
export interface ClientTool {
  /** Absolute. */
  path: string;
  /** As `--version` prints it: `15.13 (Debian 15.13-0+deb12u1)`. */
  version: string;
  major: number;
}

/** The client programs of one folder, all of one version. */
export interface ClientTools {
  pgDump: ClientTool;
  /** Null where the folder lacks the program. */
  pgDumpall: ClientTool | null;
  psql: ClientTool | null;
  pgRestore: ClientTool | null;
}

export interface ClientToolOptions {
  /** Look here and nowhere else. */
  pgBinDir?: string;
  /** @defaultValue PATH, then where packages put PostgreSQL's programs */
  searchPath?: string[];
}

/**
 * Finds the programs that can dump a server of `serverMajor`: those of the same major version, else of the nearest
 * newer one. `pg_dump` refuses servers newer than itself.
 * @throws HoldfastError ToolMissing, ClientTooOld
 */
export async function findClientTools(
  serverMajor: number,
  { pgBinDir, searchPath = standardFolders() }: ClientToolOptions = {},
): Promise<ClientTools> {
  const folders = pgBinDir === undefined ? searchPath : [pgBinDir];
  const [programs, scripts] = await byKind(withPgDump(folders));
  const candidates = await candidatesIn(programs);
  // A script is asked only where no program is the very one: it costs a shell's or Perl's start each time.
  if (!candidates.some(({ major }) => major === serverMajor))
    candidates.push(...(await candidatesIn(scripts)));
  const [best] = candidates
    .filter(({ major }) => major >= serverMajor)
    .sort((a, b) => a.major - b.major || Number(a.isScript) - Number(b.isScript) || b.minor - a.minor);
  if (best) return toolsIn(best);
  const attempted = `find client programs for PostgreSQL ${serverMajor}`;
  const where = pgBinDir === undefined ? 'PATH and the usual folders' : pgBinDir;
  const [newest] = candidates.sort((a, b) => b.major - a.major);
  if (newest) {
    const cause = `the newest pg_dump in ${where} is ${newest.version} (${newest.folder}), older than the server`;
    throw new HoldfastError('ClientTooOld', { attempted, cause, remedy: advice(serverMajor) });
  }
  throw new HoldfastError('ToolMissing', {
    attempted,
    cause: `there is no pg_dump that runs in ${where}`,
    remedy: advice(serverMajor),
  });
}

function advice(major: number): string {
  return `Install postgresql-client-${major} (Debian, Ubuntu) or postgresql${major} (Red Hat), or name the folder of its programs in PG_BIN_DIR.`;
}

/** A folder that has a `pg_dump`. */
interface Place {
  folder: string;
  /** Debian's pg_wrapper in /usr/bin, or any other script: picks a version of its own, so the last choice. */
  isScript: boolean;
}

interface Candidate extends Place {
  version: string;
  major: number;
  minor: number;
}

/** PATH, then where Debian's, PGDG's and Homebrew's packages put each version. */
function standardFolders(): string[] {
  return [
    ...(process.env.PATH ?? '').split(delimiter).filter(isAbsolute),
    ...versioned('/usr/lib/postgresql', /^\d+$/),
    ...versioned('/usr', /^pgsql-\d+$/),
    ...versioned('/opt/homebrew/opt', /^(postgresql|libpq)(@\d+)?$/),
  ];
}

function versioned(parent: string, name: RegExp): string[] {
  if (!existsSync(parent)) return [];
  const names = readdirSync(parent).filter((entry) => name.test(entry));
  return names.map((entry) => join(parent, entry, 'bin'));
}

/** The folders that have a `pg_dump`, each program once however many links lead to it. */
function withPgDump(folders: string[]): string[] {
  const byProgram = new Map<string, string>();
  for (const folder of folders) {
    const path = join(folder, 'pg_dump');
    if (!existsSync(path)) continue;
    const program = realpathSync(path);
    if (!byProgram.has(program)) byProgram.set(program, folder);
  }
  return [...byProgram.values()];
}

async function byKind(folders: string[]): Promise<[programs: Place[], scripts: Place[]]> {
  const places = folders.map(async (folder) => ({
    folder,
    isScript: await isScript(join(folder, 'pg_dump')),
  }));
  const found = await Promise.all(places);
  return [found.filter(({ isScript }) => !isScript), found.filter(({ isScript }) => isScript)];
}

async function candidatesIn(places: Place[]): Promise<Candidate[]> {
  return (await Promise.all(places.map(candidate))).filter((found) => found !== undefined);
}

async function candidate(place: Place): Promise<Candidate | undefined> {
  const version = await toolVersion(join(place.folder, 'pg_dump'));
  const match = /^(\d+)(?:\.(\d+))?/.exec(version ?? '');
  if (version === undefined || !match) return undefined;
  return { ...place, version, major: Number(match[1]), minor: Number(match[2] ?? 0) };
}

async function toolsIn({ folder }: Candidate): Promise<ClientTools> {
  const [pgDump, pgDumpall, psql, pgRestore] = await Promise.all(
    ['pg_dump', 'pg_dumpall', 'psql', 'pg_restore'].map((name) => findTool(join(folder, name))),
  );
  if (!pgDump) throw new Error(`pg_dump vanished from ${folder}`);
  return { pgDump, pgDumpall: pgDumpall ?? null, psql: psql ?? null, pgRestore: pgRestore ?? null };
}

/** The program of that path; undefined where it is missing or does not run. */
export async function findTool(path: string): Promise<ClientTool | undefined> {
  const version = await toolVersion(path);
  return version === undefined ? undefined : { path, version, major: Number.parseInt(version, 10) };
}

/** What stands behind `(PostgreSQL)`; undefined when the program doesn't run or says something else. */
async function toolVersion(path: string): Promise<string | undefined> {
  const { PATH = '', HOME = '', LD_LIBRARY_PATH = '' } = process.env;
  const words = await programVersion(path, {
    PATH,
    HOME,
    LC_ALL: 'C',
    ...(LD_LIBRARY_PATH && { LD_LIBRARY_PATH }),
  }).catch((error: unknown) => {
    throw notRunnable('ask for its version', path, errorCode(error));
  });
  return /\(PostgreSQL\) (\d.*)/.exec(words ?? '')?.[1]?.trim();
}

/**
 * One of the programs that speak the replication protocol, which some packages leave out: beside the `pg_dump` that fits.
 * @throws HoldfastError ToolMissing, ClientTooOld
 */
export async function findReplicationTool(
  name: 'pg_basebackup' | 'pg_receivewal',
  serverMajor: number,
  options?: ClientToolOptions,
): Promise<ClientTool> {
  const { pgDump } = await findClientTools(serverMajor, options);
  const folder = dirname(pgDump.path);
  const found = await findTool(join(folder, name));
  if (found) return found;
  throw new HoldfastError('ToolMissing', {
    attempted: `find ${name} for PostgreSQL ${serverMajor}`,
    cause: `there is none that runs in ${folder}`,
    remedy: `Install postgresql-client-${serverMajor} (Debian, Ubuntu) or postgresql${serverMajor}-server (Red Hat), or set PG_BIN_DIR.`,
  });
}
