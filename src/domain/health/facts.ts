import type { OtherCluster } from '../wal/other-cluster.js';

/** What a cluster's settings ask of its backups. */
export interface HealthSettings {
  maxBackupAgeHours: number;
  minDiskSpaceGb: number;
  retentionDays: number;
  /** Each backup is to be read again within so many days. */
  verifyWithinDays: number;
  /** Age of the newest archived WAL that is too old. */
  maxWalAgeHours: number;
}

/**
 * - `present`: it is there, and the one that was there before
 * - `absent`: no folder, or an empty one, as a mount point without its disk is
 * - `other`: there is a repository, but not the one that was seen here before
 * - `unreadable`: it can't be looked into
 */
export interface RepositoryFacts {
  path: string;
  state: 'present' | 'absent' | 'other' | 'unreadable';
  /** Why it is not `present`; empty where it is. */
  why: string;
  /** What to do about it; empty where nothing is to be done. */
  remedy: string;
}

export interface DiskFacts {
  freeBytes: number;
  totalBytes: number;
  /** What the artifacts of full backups take. */
  catalogueBytes: number;
  /** Of them, those that are kept by hand, which retention never frees; absent in what was noted before there were any. */
  keptBytes?: number;
  /** What one day's full backups take, from the newest of each database and how often they are taken. */
  dailyBytes: number;
}

/** A file of the repository, and what is wrong with it. */
export interface Flaw {
  file: string;
  why: string;
}

/** What the re-reading of stored bytes has come to. */
export interface IntegrityFacts {
  /** Flaws that belong to no database: base backups, files with misleading names; the first few. */
  flaws: Flaw[];
  flawCount: number;
  /** Backups, full ones and base backups, and their bytes. */
  backups: number;
  sizeBytes: number;
  /** Backups that no run has read within the days that were set. */
  overdue: number;
  /** Backups whose metadata is left to the next runs to look at. */
  unseen: number;
}

/** One database's full backups. */
export interface DatabaseBackups {
  database: string;
  /** Whether holdfast.yaml names it. */
  configured: boolean;
  /** Whether the server has it; null where nobody knows. */
  onServer: boolean | null;
  /** The newest whole backup that is not dated in the future. */
  newest: { id: string; takenAt: string; sizeBytes: number } | null;
  /** Sizes of those before it, the newest first; at most ten. */
  earlierSizesBytes: number[];
  total: number;
  /** Those of the last seven days. */
  recent: number;
  /** Those dated in the future. */
  future: number;
  /** Damaged ones; the first few of them. */
  flaws: Flaw[];
  flawCount: number;
}

/** What is known of a cluster's WAL archive. */
export interface WalFacts {
  /** Why the archive could not be looked at; empty where it was. */
  unknownBecause: string;
  /** Whether there is a base backup that the archive goes with. */
  hasBase: boolean;
  /** Whole base backups, and when the newest of them ended, ISO 8601. */
  baseCount: number;
  newestBaseAt: string | null;
  /** From when to when the cluster can be recovered, gaps apart, ISO 8601; null: to no point in time. */
  recoverable: { from: string; to: string } | null;
  /** When the last byte of the newest segment was written, ISO 8601; null: there is none. */
  newestWrittenAt: string | null;
  gaps: number;
  /** The first gap, as `000…2 to 000…3`; empty where there is none. */
  firstGap: string;
  /** Whether what follows a gap can't be recovered to. */
  needsBase: boolean;
  /** Damaged files and those of another cluster; the first of them. */
  flawCount: number;
  firstFlaw: string;
  /** What the server says of its archiving; null where it was not asked. */
  server: ArchivingServerFacts | null;
}

export interface ArchivingServerFacts {
  /** Whether it archives at all. */
  archives: boolean;
  /** The file that its archiver last failed with, if nothing was archived since; and when, ISO 8601. */
  failing: { file: string; at: string } | null;
  /** Segments that are complete and not in the archive. */
  waiting: number;
  /** What has been written to the segment that is not complete yet. */
  openBytes: number;
  /** Where the archive has base backups of another cluster, what stands against archiving there. */
  other?: OtherCluster;
}

/** What was found of one cluster, as much of it as one message can bear: its databases come in pages. */
export interface HealthFacts {
  cluster: string;
  host: string;
  /** ISO 8601, UTC. */
  observedAt: string;
  settings: HealthSettings;
  repository: RepositoryFacts;
  /** Null where it is not known. */
  disk: DiskFacts | null;
  integrity: IntegrityFacts;
  /** Null where no WAL is archived. */
  wal: WalFacts | null;
  databases: DatabaseBackups[];
  /** Whether these are the first databases: checks of the whole cluster are judged once. */
  isFirstPage: boolean;
  /** The last database of this page, where there are more; null on the last page. */
  next: string | null;
  /** Why the server could not be asked; empty where it was, or was not to be. */
  serverUnknownBecause: string;
}
