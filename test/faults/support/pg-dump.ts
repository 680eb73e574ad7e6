import { chmod, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cluster } from '../../support/cluster.js';
import { scratchRoot } from '../../support/server-user.js';

/** A folder for PG_BIN_DIR whose `pg_dump` is a test's own. */
export interface OddPgDump extends AsyncDisposable {
  readonly env: { PG_BIN_DIR: string };
}

/**
 * Makes PostgreSQL's programs with a `pg_dump` that says its version as the real one does, and otherwise runs
 * `script` (bash), where `real` stands for the real one.
 */
export async function oddPgDump(cluster: Cluster, script: string): Promise<OddPgDump> {
  const folder = await mkdtemp(join(scratchRoot(), 'hf-bin-'));
  await chmod(folder, 0o755);
  for (const name of await readdir(cluster.binDir)) {
    if (name !== 'pg_dump') await symlink(join(cluster.binDir, name), join(folder, name));
  }
  const real = `real() { '${join(cluster.binDir, 'pg_dump')}' "$@"; }`;
  const lines = ['#!/bin/bash', real, '[ "$1" = --version ] && { real --version; exit; }', script, ''];
  await writeFile(join(folder, 'pg_dump'), lines.join('\n'), { mode: 0o755 });
  return {
    env: { PG_BIN_DIR: folder },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
