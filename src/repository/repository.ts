import type { FileHandle } from 'node:fs/promises';
import type { BackupMetadata, BackupSummary, StoredMetadata } from '../domain/backup/metadata.js';
import type { HoldfastError } from '../domain/errors.js';
import type { Keep, KeepRequest } from './keep.js';
import type { HeldLease, Lease } from './lease.js';

/** Where artifacts live. What the metadata in it says exists is the catalogue. */
export interface Repository {
  /** Absolute path. */
  readonly root: string;
  readonly cluster: string;
  /**
   * Makes the folders (0700 whatever the umask) and proves that they can be written.
   * Throws SymbolicLinkRefused, or RepositoryNotWritable with the path and the OS user.
   */
  prepare(): Promise<void>;
  freeSpace(): Promise<FreeSpace>;
  /** Full path of a partial file. Throws PathRefused when `name` is not a partial name. */
  partialPath(name: string): string;
  /** A new file, 0600, for one attempt to stream into. Throws StorageFailed when it is there already. */
  createPartial(name: string): Promise<PartialFile>;
  /** A small file, whole and durable or absent. */
  writePartial(name: string, bytes: Uint8Array | string): Promise<void>;
  /** Removes one partial file. False when there was none. */
  removePartial(name: string): Promise<boolean>;
  /**
   * Makes a backup exist: data durable before it gets its name, the metadata last. Publishing again what the
   * same run has published is success, after a crash at any instant it goes on from there.
   * Throws ArtifactExists rather than overwrite; NotEnoughSpace, after which publishing can be tried again;
   * StorageFailed, after which all files of the run are gone and the dump must be made anew.
   */
  publish(publication: Publication): Promise<void>;
  /** Newest first. Reads the metadata of about as many backups as it lists, not of all. */
  list(filter?: ListFilter): Promise<Listing>;
  /** The newest whole backup of each database. Reads about one metadata a database, whatever the number of backups. */
  listNewest(): Promise<Listing>;
  /**
   * `reference` is an id, an artifact's file name, `full/` and that name, a full path (the only way to a backup
   * outside the repository), or `latest` or `oldest`, of `database` where there is more than one.
   * Throws BackupNotFound naming near ones, PathRefused, SymbolicLinkRefused, or VerificationFailed when the
   * metadata is damaged or not that of the file beside it. It does not read the artifact.
   */
  find(reference: string, database?: string): Promise<FoundBackup>;
  readMetadata(id: string): Promise<StoredMetadata>;
  /** The artifact, open for reading; never through a symbolic link. */
  openArtifact(id: string): Promise<FileHandle>;
  /** What is stored of a backup, damaged or not, also of one whose removal was cut short. Throws SymbolicLinkRefused. */
  filesOf(id: string): Promise<StoredFile[]>;
  /** What `remove` would throw at this moment: that a run reads the backup, or somebody keeps it by hand. */
  removalRefusal(id: string): Promise<HoldfastError | undefined>;
  /**
   * Unlists the backup, then removes its files. False when there was none. Broken ones can be removed, too.
   * Throws BackupInUse for one that a lease keeps, RemovalRefused for one that is kept by hand.
   */
  remove(id: string): Promise<boolean>;
  /** Whether the artifact of that full path is one of this repository. */
  owns(path: string): boolean;
  /**
   * Keeps a backup from being removed while a run reads it, from now on for the lease's time. A later lease of the
   * same run takes its place; `removePartials` of the run ends it. Throws BackupNotFound when the backup is gone.
   */
  lease(lease: Lease): Promise<void>;
  /** Those in force. Throws BackupInUse when one of them can't be understood. */
  leases(): Promise<HeldLease[]>;
  /** Keeps a backup from being removed until it is released. Throws BackupNotFound when the backup is gone. */
  keep(id: string, request: KeepRequest): Promise<void>;
  /** Ends that. False when it was not kept. */
  release(id: string): Promise<boolean>;
  /** What is kept by hand, by id; also by what can't be read. */
  keeps(): Promise<ReadonlyMap<string, Keep>>;
  /**
   * Removes the partial files of a run, and what it renamed but never published. Files of others stay, and those
   * of attempts after `upToAttempt`: an attempt that was thought dead must not take its successor's.
   * Returns the names removed.
   */
  removePartials(runId: string, options?: { upToAttempt?: number }): Promise<string[]>;
  /**
   * The same for every run whose partial files were last written before `before`, that is, of runs that died
   * without a cleanup; and finishes removals that were cut short. Returns the names removed.
   */
  removeAbandonedPartials(before: Date): Promise<string[]>;
}

/** A file of a backup. */
export interface StoredFile {
  /** Relative to the repository's root. */
  file: string;
  sizeBytes: number;
}

export interface FreeSpace {
  /** What this OS user can still write. */
  freeBytes: number;
  totalBytes: number;
}

/** A file being written by one attempt. */
export interface PartialFile {
  readonly path: string;
  readonly handle: FileHandle;
  /**
   * Makes what was written durable. When that fails the file is removed and StorageFailed thrown: after a failed
   * fsync the kernel may drop the pages and call the next one a success (https://wiki.postgresql.org/wiki/Fsync_Errors).
   */
  sync(): Promise<void>;
  close(): Promise<void>;
  /** Whether its name is still that of this very file, which another attempt may have removed. */
  isInPlace(): Promise<boolean>;
  /** Closes it, and removes it where its name is still its own. */
  discard(): Promise<void>;
}

/** What one run asks to be published. The final names are those in `metadata`. */
export interface Publication {
  /** Partial name of the verified dump. */
  artifactPartial: string;
  /** Partial name of the globals; absent when `metadata.globals_file` is null. */
  globalsPartial?: string;
  /** Attempt of the step that publishes. */
  attempt: number;
  metadata: BackupMetadata;
}

export interface ListFilter {
  database?: string;
  /** Only those taken then or later. */
  since?: Date;
  /** Only those taken then or before. */
  until?: Date;
  limit?: number;
}

export interface Listing {
  backups: BackupSummary[];
  /** Metadata that stands for no whole backup. */
  broken: BrokenEntry[];
}

export interface BrokenEntry {
  id: string;
  /** The metadata, relative to the repository's root. */
  file: string;
  why: string;
}

export interface FoundBackup {
  id: string;
  summary: BackupSummary;
  metadata: StoredMetadata;
  /** Full path of the artifact. */
  path: string;
  metadataPath: string;
  globalsPath: string | null;
}
