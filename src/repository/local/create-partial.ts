import { constants, type FileHandle, lstat, open } from 'node:fs/promises';
import { HoldfastError } from '../../domain/errors.js';
import { removeName, requireFolder, statFile } from '../../files/real-file.js';
import { errorCode, storageError, storing } from '../../files/storage-error.js';
import type { PartialFile } from '../repository.js';
import { type Layout, partialPath } from './layout.js';

const createNew = constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW | constants.O_WRONLY;

/** Creates a partial file that nobody had before, readable by its owner only. */
export async function createPartial(layout: Layout, name: string): Promise<PartialFile> {
  const path = partialPath(layout, name);
  await requireFolder(layout.full);
  const handle = await storing({ attempted: `create ${path}`, path }, () => openNew(path));
  return new LocalPartialFile(path, handle);
}

/** Writes a small partial file; when that fails, nothing of it stays. */
export async function writePartial(layout: Layout, name: string, bytes: Uint8Array | string): Promise<void> {
  const file = await createPartial(layout, name);
  const content = Buffer.from(bytes);
  try {
    const context = { attempted: `write ${file.path}`, path: file.path, neededBytes: content.length };
    await storing(context, () => file.handle.writeFile(content));
    await file.sync();
    await file.close();
  } catch (error) {
    await file.close().catch(() => undefined);
    await removeName(file.path);
    throw error;
  }
}

async function openNew(path: string): Promise<FileHandle> {
  try {
    const handle = await open(path, createNew, 0o600);
    // The umask can only take away from the mode above, but it can take too much.
    await handle.chmod(0o600);
    return handle;
  } catch (error) {
    // A symbolic link is refused as such.
    if (errorCode(error) === 'EEXIST') await statFile(path);
    throw error;
  }
}

function absent(error: unknown): undefined {
  if (errorCode(error) !== 'ENOENT') throw error;
}

class LocalPartialFile implements PartialFile {
  #untrusted = false;
  #closed = false;

  constructor(
    readonly path: string,
    readonly handle: FileHandle,
  ) {}

  async sync(): Promise<void> {
    if (this.#untrusted) throw this.#writeAnew('an earlier fsync of it failed');
    try {
      await this.handle.sync();
    } catch (error) {
      this.#untrusted = true;
      await removeName(this.path);
      const mapped = await storageError(error, { attempted: `make ${this.path} durable`, path: this.path });
      throw errorCode(error) === 'EIO' ? this.#writeAnew((error as Error).message) : mapped;
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await storing({ attempted: `close ${this.path}`, path: this.path }, () => this.handle.close());
  }

  async isInPlace(): Promise<boolean> {
    const context = { attempted: `look at ${this.path}`, path: this.path };
    const [ours, there] = await storing(context, () =>
      Promise.all([this.handle.stat(), lstat(this.path).catch(absent)]),
    );
    return there !== undefined && there.ino === ours.ino && there.dev === ours.dev;
  }

  async discard(): Promise<void> {
    const isOurs = !this.#closed && (await this.isInPlace());
    await this.close();
    if (isOurs) await removeName(this.path);
  }

  #writeAnew(cause: string): HoldfastError {
    return new HoldfastError('StorageFailed', {
      attempted: `make ${this.path} durable`,
      cause: `${cause}; what it holds can no longer be trusted and must be written anew`,
      remedy: 'check the disk, its cable and the system log',
    });
  }
}
