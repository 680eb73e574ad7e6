import { constants } from 'node:fs';
import { chown, lstat, mkdir, open, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { HoldfastError } from '../../domain/errors.js';
import type { BaseBackupMetadata } from '../../domain/wal/base-backup.js';
import { storing } from '../../files/storage-error.js';
import { type BaseTaker, type ReadBase, readBase } from '../base/read-base.js';
import { claimFolder } from './claim-folder.js';
import { emptyClaimed, markUnpacked } from './folder-mark.js';
import type { ServerAccount } from './server-account.js';
import { readTablespaceMap, requireMapping, writeTablespaceMap } from './tablespace-map.js';

export interface ExtractBaseOptions {
  /** The stored base backup's folder. */
  folder: string;
  metadata: BaseBackupMetadata;
  /** Full path; made where it is missing, otherwise a real folder with nothing in it. */
  dataDir: string;
  /** Full path of a new or empty folder for each tablespace, by its oid. */
  tablespaceFolders?: ReadonlyMap<number, string>;
  /** Whom the files are to belong to; undefined: us. See `serverAccount`. */
  account?: ServerAccount | undefined;
  /** A run that was interrupted here may begin anew; another run's half of a cluster is never touched. */
  runId: string;
  signal?: AbortSignal;
  /** Told the stored bytes read so far. */
  onProgress?: (readBytes: number) => void;
}

/** Writing to a new file of that very name, whatever may have been put there. */
const createNew = constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW | constants.O_WRONLY;

/**
 * Unpacks a base backup into a data directory, proving every byte of it on the way, see {@link readBase}: files 0600,
 * folders 0700. While it is unpacked the folder is ours alone, so that nobody can lead us out of it by a link; in the
 * end it belongs to the server's account. When it fails, the folder is as empty as before.
 * @throws HoldfastError `DataDirectoryRefused`, `VerificationFailed`, `NotEnoughSpace`, `StorageFailed`, `Cancelled`
 */
export async function extractBase(options: ExtractBaseOptions): Promise<ReadBase> {
  const {
    folder,
    metadata,
    dataDir,
    runId,
    account,
    signal,
    onProgress,
    tablespaceFolders = new Map(),
  } = options;
  const attempted = `unpack base backup ${metadata.id} into ${dataDir}`;
  requireMapping(attempted, metadata.tablespaces, tablespaceFolders, dataDir);
  const targets = [dataDir, ...metadata.tablespaces.map(({ oid }) => tablespaceFolders.get(oid) ?? '')];
  const claimed: string[] = [];
  try {
    for (const path of targets) {
      await claimFolder(attempted, path, runId);
      claimed.push(path);
    }
    const unpacker = new Unpacker(dataDir, tablespaceFolders);
    const read = await readBase(
      {
        ...{ folder, systemIdentifier: metadata.system_identifier },
        walSegmentSizeBytes: metadata.wal_segment_size,
        ...(signal && { signal }),
        ...(onProgress && { onProgress }),
      },
      unpacker,
    );
    for (const path of targets) await makeDurable(path);
    if (account) for (const path of targets) await giveTree(path, account);
    for (const path of targets) await markUnpacked(path);
    return read;
  } catch (error) {
    for (const path of claimed) await emptyClaimed(path, runId);
    throw error;
  }
}

/** Writes what comes into the data directory, and what is of a tablespace into that one's folder. */
class Unpacker implements BaseTaker {
  readonly #made = new Set<string>();

  constructor(
    private readonly dataDir: string,
    private readonly tablespaceFolders: ReadonlyMap<number, string>,
  ) {}

  async folder(path: string): Promise<void> {
    await this.#makeFolder(this.#place(path));
  }

  async file(path: string, content: AsyncIterable<Buffer>): Promise<void> {
    const target = this.#place(path);
    await this.#makeFolder(dirname(target));
    const source = path === 'tablespace_map' ? this.#mapped(content) : content;
    // Not around the reading: what is wrong with the base backup is no fault of this folder.
    const context = { attempted: `write ${target}`, path: target };
    const handle = await storing(context, () => open(target, createNew, 0o600));
    try {
      for await (const chunk of source) await storing(context, () => handle.writeFile(chunk));
    } finally {
      await handle.close();
    }
  }

  async *#mapped(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of content) chunks.push(chunk);
    const spaces = readTablespaceMap(Buffer.concat(chunks).toString('utf8'));
    yield Buffer.from(writeTablespaceMap(spaces, this.tablespaceFolders));
  }

  /** Full path of what `path` names in the data directory. The server makes the links of tablespaces itself. */
  #place(path: string): string {
    const [, oid, rest = ''] = /^pg_tblspc\/(\d+)(?:\/(.*))?$/.exec(path) ?? [];
    const tablespace = this.tablespaceFolders.get(Number(oid));
    return tablespace === undefined ? join(this.dataDir, path) : join(tablespace, rest);
  }

  async #makeFolder(path: string): Promise<void> {
    if (this.#made.has(path)) return;
    const context = { attempted: `make folder ${path}`, path };
    await storing(context, () => mkdir(path, { recursive: true, mode: 0o700 }));
    this.#made.add(path);
  }
}

/** All at once by the system's own program: one call to the kernel instead of one for each of 100,000 files. */
async function makeDurable(path: string): Promise<void> {
  const { failed, stderr } = await execa('sync', ['-f', '--', path], { reject: false, stdin: 'ignore' });
  if (!failed) return;
  const remedy = 'check the disk, its cable and the system log';
  throw new HoldfastError('StorageFailed', { attempted: `make ${path} durable`, cause: stderr, remedy });
}

/** From the leaves up, so that nobody else is let into a folder before all below it is as it should be. */
async function giveTree(path: string, { uid, gid }: ServerAccount): Promise<void> {
  await storing({ attempted: `give ${path} to account ${uid}`, path }, async () => {
    for (const entry of await readdir(path, { withFileTypes: true })) {
      const below = join(path, entry.name);
      if (entry.isDirectory()) await giveTree(below, { uid, gid });
      else if ((await lstat(below)).isFile()) await chown(below, uid, gid);
      else throw refuseStranger(below);
    }
    await chown(path, uid, gid);
  });
}

function refuseStranger(path: string): HoldfastError {
  return new HoldfastError('DataDirectoryRefused', {
    attempted: 'give a data directory to the server’s account',
    cause: `${path} is neither file nor folder, and no base backup has such`,
    remedy: 'find out who else writes there',
  });
}
