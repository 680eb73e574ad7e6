import { expiringBytes, forecastBytes } from '../health/check-space.js';
import type { DiskFacts } from '../health/facts.js';
import { bytes, gb } from '../sizes.js';
import { type Diagnosis, diagnosis, doubtful, failing, fine, type Verdict } from './diagnosis.js';

/** PostgreSQL's programs that fit a server; null for one that is not there. */
export interface ToolsSight {
  serverVersion: string;
  serverMajor: number;
  /** Version of pg_dump: `15.13 (Debian …)`. */
  version: string;
  folder: string;
  /** Names of those that are missing beside it. */
  missing: readonly string[];
}

const uses: Record<string, string> = {
  pg_dumpall: 'roles and tablespaces are not saved',
  psql: 'nothing can be restored',
  pg_basebackup: 'no base backup can be taken',
  pg_receivewal: 'WAL can not be streamed',
};

/** Whether the programs beside `pg_dump` are all there; that it is there itself is known by then. */
export function judgeTools(cluster: string, sight: ToolsSight): Diagnosis {
  const { version, folder, missing, serverVersion, serverMajor } = sight;
  const found = `pg_dump ${version} in ${folder}, for server ${serverVersion}`;
  if (missing.length === 0) return diagnosis('client tools', cluster, fine(found));
  const losses = missing.map((name) => `without ${name} ${uses[name] ?? 'something fails'}`);
  const remedy = `apt-get install postgresql-client-${serverMajor}    # or set PG_BIN_DIR`;
  return diagnosis('client tools', cluster, doubtful(`${found}; ${losses.join(', ')}`, remedy));
}

/** What compresses full backups. */
export interface CompressorSight {
  method: string;
  program: string;
  version: string;
  threads: number;
  level: number;
}

/** One that was chosen is there and runs. */
export function judgeCompressor(cluster: string, sight: CompressorSight): Diagnosis {
  const { method, program, version, threads, level } = sight;
  const by =
    program === 'node'
      ? `Node's zlib ${version} (the package tabix has bgzip, which is faster)`
      : `${program} ${version}`;
  const of = threads === 1 ? '1 thread' : `${threads} threads`;
  return diagnosis('compression', cluster, fine(`${method} -${level} by ${by}, ${of}`));
}

/** A cluster's part of the repository. */
export interface RepositorySight {
  path: string;
  /** Whether the folder is there. */
  exists: boolean;
  /** Permission bits of its folder of full backups; null where there is none. */
  mode: number | null;
  backups: number;
}

/** Whether only this user gets at the backups. That the place can be written is known by then. */
export function judgeRepository(
  cluster: string,
  { path, exists, mode, backups }: RepositorySight,
): Diagnosis {
  return diagnosis('repository', cluster, verdict());

  function verdict(): Verdict {
    if (!exists) return fine(`${path} is not there yet: the first backup makes it`);
    if (mode !== null && (mode & 0o077) !== 0)
      return doubtful(
        `others can get at the backups: the mode of ${path}/full is ${(mode & 0o777).toString(8)}`,
        `chmod 700 ${path}/full`,
      );
    return fine(`${path} can be written, ${backups === 0 ? 'no backup yet' : `${backups} backups`}`);
  }
}

/** Room for what retention is going to keep. */
export interface SpaceSight {
  disk: DiskFacts;
  retentionDays: number;
  minDiskSpaceGb: number;
  /** What the databases take on the server; null where that is not known. */
  databasesBytes: number | null;
}

/** Whether the repository's disk has room now, and for all that retention keeps: a day's size × its days × 1.2. */
export function judgeSpace(cluster: string, sight: SpaceSight): Diagnosis {
  return diagnosis('disk space', cluster, spaceVerdict(sight));
}

function spaceVerdict({ disk, retentionDays, minDiskSpaceGb, databasesBytes }: SpaceSight): Verdict {
  const free = `${bytes(disk.freeBytes)} free`;
  if (disk.freeBytes < minDiskSpaceGb * gb)
    return failing(
      'NotEnoughSpace',
      `${free}, less than the ${minDiskSpaceGb} GB of MIN_DISK_SPACE_GB`,
      'holdfast expire --dry-run    # what retention would remove; else a larger disk',
    );
  if (disk.dailyBytes === 0) {
    if (databasesBytes === null) return fine(`${free}; how much a day takes is known after the first backup`);
    if (databasesBytes > disk.freeBytes)
      return doubtful(
        `${free}, and the databases take ${bytes(databasesBytes)}: the first backups may not fit`,
        'BACKUP_DIR=…    # on a larger disk',
      );
    return fine(`${free}; the databases take ${bytes(databasesBytes)}, their backups less`);
  }
  const more = forecastBytes(disk, retentionDays);
  const words = `${retentionDays} days of ${bytes(disk.dailyBytes)} a day need ${bytes(more)} more`;
  if (more <= disk.freeBytes) return fine(`${free}; ${words}`);
  const days = Math.max(1, Math.floor((disk.freeBytes + expiringBytes(disk)) / (disk.dailyBytes * 1.2)));
  return doubtful(
    `${free}; ${words}`,
    `RETENTION_DAYS=${days}    # what there is room for; else a larger disk`,
  );
}
