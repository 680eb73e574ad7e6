import type { HoldfastError } from '../../domain/errors.js';
import { isFolder } from '../../files/real-file.js';
import { storing } from '../../files/storage-error.js';
import type { HeldLease, Lease } from '../lease.js';
import { lease, leases } from '../local/lease.js';
import { freeSpace, makeFolder } from '../local/prepare.js';
import type { FreeSpace, StoredFile } from '../repository.js';
import { baseLayoutOf, baseMetadataPath } from './base-layout.js';
import { filesOfBase } from './files-of-base.js';
import { type BasePublication, createPartialBase, publishBase } from './publish-base.js';
import { type BaseListing, type FoundBase, findBase, listBases } from './read-base-backup.js';
import { baseRemovalRefusal, removeAbandonedBases, removeBase, removePartialBases } from './remove-base.js';

/** The base backups of one cluster's repository: folders `incremental/base_{timestamp}/`, each whole or not there. */
export interface BaseRepository {
  /** Full path of the folder that holds them. */
  readonly folder: string;
  /** Makes that folder where it is missing. An existing one stays as open as it is: WAL is archived into it. */
  prepare(): Promise<void>;
  freeSpace(): Promise<FreeSpace>;
  /** See {@link createPartialBase}. */
  createPartial(runId: string, attempt: number): Promise<string>;
  /** See {@link publishBase}. */
  publish(publication: BasePublication): Promise<void>;
  /** Newest first; with those that are damaged, and why. */
  list(): Promise<BaseListing>;
  /** By id, or `latest`. See {@link findBase}. */
  find(reference: string): Promise<FoundBase>;
  /** See {@link filesOfBase}. */
  filesOf(id: string): Promise<StoredFile[] | undefined>;
  /** What `remove` would throw at this moment. */
  removalRefusal(id: string): Promise<HoldfastError | undefined>;
  /** See {@link removeBase}. */
  remove(id: string): Promise<boolean>;
  /** Keeps a base backup from being removed while a run reads it. Throws BackupNotFound when it is gone. */
  lease(lease: Lease): Promise<void>;
  /** Those in force. */
  leases(): Promise<HeldLease[]>;
  /** See {@link removePartialBases}. */
  removePartials(runId: string, options?: { upToAttempt?: number }): Promise<string[]>;
  /** See {@link removeAbandonedBases}. */
  removeAbandonedPartials(before: Date): Promise<string[]>;
}

/** The base backups of one cluster in a folder of this host. `root` is the full path of the repository. */
export function baseRepository(root: string, cluster: string): BaseRepository {
  const layout = baseLayoutOf(root, cluster);
  const path = layout.full;
  return {
    folder: path,
    prepare: () =>
      storing({ attempted: `prepare folder ${path}`, path }, async () => {
        if (!(await isFolder(path))) await makeFolder(path);
      }),
    freeSpace: () => freeSpace(layout),
    createPartial: (runId, attempt) => createPartialBase(layout, runId, attempt),
    publish: (publication) => publishBase(layout, publication),
    list: () => listBases(layout),
    find: (reference) => findBase(layout, reference),
    filesOf: (id) => filesOfBase(layout, id),
    removalRefusal: (id) => baseRemovalRefusal(layout, id),
    remove: (id) => removeBase(layout, id),
    lease: (asked) => lease(layout, asked, baseMetadataPath),
    leases: () => leases(layout),
    removePartials: (runId, options) => removePartialBases(layout, runId, options),
    removeAbandonedPartials: (before) => removeAbandonedBases(layout, before),
  };
}
