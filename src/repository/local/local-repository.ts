import { dirname } from 'node:path';
import { openFile, removeName } from '../../files/real-file.js';
import type { Repository } from '../repository.js';
import { createPartial, writePartial } from './create-partial.js';
import { filesOf } from './files-of.js';
import { find } from './find.js';
import { keep, keeps, release } from './keep.js';
import { layoutOf, partialPath } from './layout.js';
import { lease, leases } from './lease.js';
import { listBackups } from './list.js';
import { listNewestBackups } from './list-newest.js';
import { freeSpace, prepare } from './prepare.js';
import { publish } from './publish.js';
import { removalRefusal } from './refuse-removal.js';
import { remove } from './remove.js';
import { removeAbandonedPartials, removePartials } from './remove-partials.js';

/** The repository of one cluster in a folder of this host. `root` is a full path. */
export function localRepository(root: string, cluster: string): Repository {
  const layout = layoutOf(root, cluster);
  return {
    root,
    cluster,
    prepare: () => prepare(layout),
    freeSpace: () => freeSpace(layout),
    partialPath: (name) => partialPath(layout, name),
    createPartial: (name) => createPartial(layout, name),
    writePartial: (name, bytes) => writePartial(layout, name, bytes),
    removePartial: (name) => removeName(partialPath(layout, name)),
    publish: (publication) => publish(layout, publication),
    list: (filter) => listBackups(layout, filter),
    listNewest: () => listNewestBackups(layout),
    find: (reference, database) => find(layout, reference, database),
    readMetadata: async (id) => (await find(layout, id)).metadata,
    openArtifact: async (id) => openFile((await find(layout, id)).path),
    filesOf: (id) => filesOf(layout, id),
    removalRefusal: (id) => removalRefusal(layout, id),
    remove: (id) => remove(layout, id),
    owns: (path) => dirname(path) === layout.full,
    lease: (wanted) => lease(layout, wanted),
    leases: () => leases(layout),
    keep: (id, request) => keep(layout, id, request),
    release: (id) => release(layout, id),
    keeps: () => keeps(layout),
    removePartials: (runId, options) => removePartials(layout, runId, options),
    removeAbandonedPartials: (before) => removeAbandonedPartials(layout, before),
  };
}
