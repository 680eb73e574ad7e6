import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { HoldfastError } from '../../domain/errors.js';
import { pathDirectories } from '../../stream/program/find-program.js';

/** The programs of a PostgreSQL server, of one folder. */
export interface ServerPrograms {
  /** As `--version` prints it. */
  version: string;
  postgres: string;
  controldata: string;
  initdb: string;
}

/**
 * Finds the server of exactly this major version: only that can read a base backup.
 * @param pgBinDir looked into first
 * @throws HoldfastError `ToolMissing`
 */
export async function findServerPrograms(major: number, pgBinDir?: string): Promise<ServerPrograms> {
  const packaged = [`/usr/lib/postgresql/${major}/bin`, `/usr/pgsql-${major}/bin`];
  const folders = [
    ...(pgBinDir === undefined ? [] : [pgBinDir]),
    ...packaged,
    `/opt/homebrew/opt/postgresql@${major}/bin`,
    ...pathDirectories(),
  ];
  for (const folder of folders) {
    const [postgres, controldata, initdb] = ['postgres', 'pg_controldata', 'initdb'].map((name) =>
      join(folder, name),
    ) as [string, string, string];
    if (![postgres, controldata, initdb].every((path) => existsSync(path))) continue;
    const { stdout, exitCode } = await execa(postgres, ['--version'], { reject: false, timeout: 10_000 });
    const version = exitCode === 0 ? /\(PostgreSQL\) (\d.*)/.exec(stdout)?.[1]?.trim() : undefined;
    if (version !== undefined && Number.parseInt(version, 10) === major)
      return { version, postgres, controldata, initdb };
  }
  throw new HoldfastError('ToolMissing', {
    attempted: `find a server of PostgreSQL ${major}`,
    cause: `there is none in ${[...new Set(folders)].join(', ')}`,
    remedy: `Install postgresql-${major} (Debian, Ubuntu) or postgresql${major}-server (Red Hat), or name the folder of its programs in PG_BIN_DIR.`,
  });
}
