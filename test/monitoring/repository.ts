import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, realpath, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { loadConfig } from '../../src/config/load.js';
import { formatTimestamp } from '../../src/domain/backup/names.js';
import { formatBytes } from '../../src/domain/sizes.js';

/** A repository of generated backups, and the state folder of who looks at it. */
export interface GeneratedRepository extends AsyncDisposable {
  folder: string;
  root: string;
  stateDir: string;
  /** Settings for it; variables besides, and the text of a holdfast.yaml. */
  config(env?: Record<string, string>, file?: string): ReturnType<typeof loadConfig>;
  /** Puts a whole backup there; gives its id. */
  add(database: string, takenAt: Date, rows?: number): Promise<string>;
  path(id: string, suffix?: string): string;
}

export async function createRepository(): Promise<GeneratedRepository> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'hf-monitor-')));
  const root = join(folder, 'data');
  const full = join(root, 'full');
  await mkdir(full, { recursive: true, mode: 0o700 });
  return {
    ...{ folder, root, stateDir: join(folder, 'state') },
    async config(env = {}, file) {
      if (file !== undefined) await writeFile(join(folder, 'holdfast.yaml'), file);
      return loadConfig({ env: { BACKUP_DIR: root, MIN_DISK_SPACE_GB: '0', ...env }, cwd: folder });
    },
    path: (id, suffix = '.sql.gz') => join(full, `${id}${suffix}`),
    add: (database, takenAt, rows = 10) => addBackup(full, database, takenAt, rows),
    async [Symbol.asyncDispose]() {
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function addBackup(full: string, database: string, takenAt: Date, rows: number): Promise<string> {
  const timestamp = formatTimestamp(takenAt);
  const id = `${database}_full_${timestamp}`;
  const data = Array.from(
    { length: rows },
    (_, row) => `${row}\t${createHash('md5').update(`${row}`).digest('hex')}`,
  );
  const text = [
    ...['--', '-- PostgreSQL database dump', '--', '', 'CREATE TABLE public.t (id integer, name text);', ''],
    ...['COPY public.t (id, name) FROM stdin;', ...data, '\\.', ''],
    ...['--', '-- PostgreSQL database dump complete', '--', ''],
  ].join('\n');
  const stored = gzipSync(text, { level: 1 });
  const metadata = {
    ...{ backup_file: `${id}.sql.gz`, database, timestamp, size_bytes: stored.length },
    ...{ size_human: formatBytes(stored.length), duration_seconds: 0, pg_version: '15.1' },
    ...{ checksum: createHash('sha256').update(stored).digest('hex'), compression_level: 1 },
  };
  await writeFile(join(full, `${id}.sql.gz`), stored, { mode: 0o600 });
  await writeFile(join(full, `${id}.meta`), JSON.stringify(metadata), { mode: 0o600 });
  // By its time the timestamp is known to be UTC.
  await utimes(join(full, `${id}.sql.gz`), takenAt, takenAt);
  return id;
}
