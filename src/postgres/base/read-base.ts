import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { CompressionMethod } from '../../domain/backup/metadata.js';
import type { BaseFile } from '../../domain/wal/base-backup.js';
import { openFile } from '../../files/real-file.js';
import { storing } from '../../files/storage-error.js';
import { sha256 } from '../../sha256.js';
import { decompress } from '../../stream/compression/decompress.js';
import { type TarMember, tarMembers } from '../../stream/tar.js';
import { baseReadError } from './base-error.js';
import { type BackupManifest, readManifest, type WalRange } from './manifest.js';
import { ManifestCheck } from './manifest-check.js';
import { StoredFile } from './stored-file.js';
import { WalCheck } from './wal-check.js';

/** Who takes what a base backup holds, by path in the data directory, in the order in which it is stored. */
export interface BaseTaker {
  folder(path: string): Promise<void>;
  /** Must read `content` to its end: there it is proven, and throws where it is not what was backed up. */
  file(path: string, content: AsyncIterable<Buffer>): Promise<void>;
}

export interface ReadBaseOptions {
  /** The base backup's folder. */
  folder: string;
  /** Of the cluster it must be, as text. */
  systemIdentifier: string;
  walSegmentSizeBytes: number;
  signal?: AbortSignal;
  /** Told the stored bytes read so far, after each portion. */
  onProgress?: (readBytes: number) => void;
}

/** What a base backup that was read whole is. */
export interface ReadBase {
  /** As they are stored. */
  files: BaseFile[];
  sizeBytes: number;
  /** Of the manifest's files. */
  uncompressedBytes: number;
  clusterFiles: number;
  walRanges: WalRange[];
}

const manifestName = 'backup_manifest';
const archiveName = /^(?:(base|pg_wal)|(\d+))\.tar(?:\.(gz|zst))?$/;

/**
 * Reads a stored base backup whole, without unpacking it: each tar file through its decompressor, every file in it
 * against the manifest, the manifest against its own checksum, and the WAL that came with it. Memory is that of the
 * manifest and a few portions.
 * @throws HoldfastError `VerificationFailed`, `StorageFailed`, `ToolMissing`, `Cancelled`
 */
export async function readBase(options: ReadBaseOptions, taker: BaseTaker = nobody): Promise<ReadBase> {
  const { folder, signal = new AbortController().signal } = options;
  let path = join(folder, manifestName);
  try {
    const reading = await startReading(options, path, taker, signal);
    for (const name of await archivesOf(folder)) {
      path = join(folder, name);
      await reading.archive(name);
    }
    path = folder;
    return reading.end();
  } catch (error) {
    throw await baseReadError(error, path, signal);
  }
}

async function startReading(
  { folder, systemIdentifier, walSegmentSizeBytes, onProgress }: ReadBaseOptions,
  path: string,
  taker: BaseTaker,
  signal: AbortSignal,
): Promise<Reading> {
  const handle = await openFile(path);
  const bytes = await handle.readFile().finally(() => handle.close());
  const manifest = readManifest(bytes);
  const { systemIdentifier: told = systemIdentifier, walRanges: ranges } = manifest;
  if (told !== systemIdentifier)
    throw new Error(`its manifest is of system ${told}, the base backup of ${systemIdentifier}`);
  const wal = new WalCheck({ ranges, segmentSizeBytes: walSegmentSizeBytes, systemIdentifier });
  return new Reading(folder, { manifest, bytes }, wal, taker, signal, onProgress ?? (() => {}));
}

/** The data directory first: what a tablespace holds comes into folders that it may have to make. */
async function archivesOf(folder: string): Promise<string[]> {
  const names = await storing({ attempted: `list ${folder}`, path: folder }, () => readdir(folder));
  const archives = names.filter((name) => archiveName.test(name)).sort();
  const plain = (name: string) => name.replace(/\..*$/, '');
  if (new Set(archives.map(plain)).size < archives.length) throw new Error('it holds an archive twice');
  const first = archives.filter((name) => plain(name) === 'base');
  return [...first, ...archives.filter((name) => !first.includes(name))];
}

/** One pass over a base backup. */
class Reading {
  readonly #files: BaseFile[];
  readonly #check: ManifestCheck;
  #readBytes = 0;

  constructor(
    private readonly folder: string,
    private readonly manifest: { manifest: BackupManifest; bytes: Buffer },
    private readonly wal: WalCheck,
    private readonly taker: BaseTaker,
    private readonly signal: AbortSignal,
    private readonly onProgress: (readBytes: number) => void,
  ) {
    const { bytes } = manifest;
    const checksum = sha256(bytes);
    this.#files = [{ name: manifestName, size_bytes: bytes.length, checksum }];
    this.#check = new ManifestCheck(manifest.manifest);
  }

  async archive(name: string): Promise<void> {
    const [, named, oid, suffix] = archiveName.exec(name) ?? [];
    const below = oid !== undefined ? `pg_tblspc/${oid}/` : named === 'pg_wal' ? 'pg_wal/' : '';
    const stored = new StoredFile(join(this.folder, name), (bytes) => {
      this.#readBytes += bytes;
      this.onProgress(this.#readBytes);
    });
    const method = ({ gz: 'gzip', zst: 'zstd' } as const)[suffix ?? ''];
    for await (const member of tarMembers(unpacked(stored.read(), method, this.signal))) {
      this.signal.throwIfAborted();
      await this.#member(member, below);
    }
    this.#files.push({ name, size_bytes: stored.sizeBytes, checksum: stored.checksum() });
  }

  async #member({ path, type, sizeBytes, content }: TarMember, below: string): Promise<void> {
    const whole = below + path;
    if (type === 'folder') return await this.taker.folder(whole);
    const proven =
      below === 'pg_wal/'
        ? this.wal.segment(path, sizeBytes, content)
        : this.#check.file(whole, sizeBytes, content);
    await this.taker.file(whole, proven);
  }

  /** @throws Error when something is missing */
  end(): ReadBase {
    this.#check.requireComplete();
    this.wal.requireComplete();
    const { files, walRanges } = this.manifest.manifest;
    const sum = (sizes: number[]) => sizes.reduce((total, size) => total + size, 0);
    return {
      files: this.#files,
      sizeBytes: sum(this.#files.map((file) => file.size_bytes)),
      uncompressedBytes: sum([...files.values()].map((file) => file.sizeBytes)),
      clusterFiles: files.size,
      walRanges,
    };
  }
}

function unpacked(source: AsyncIterable<Buffer>, method: CompressionMethod | undefined, signal: AbortSignal) {
  return method === undefined ? source : decompress(source, method, signal);
}

const nobody: BaseTaker = {
  async folder() {},
  async file(_path, content) {
    for await (const _ of content);
  },
};
