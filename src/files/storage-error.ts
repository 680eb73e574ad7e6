import { statfs } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname } from 'node:path';
import { HoldfastError } from '../domain/errors.js';
import { formatBytes } from '../domain/sizes.js';

/** What was going on when the file system refused. */
export interface StorageContext {
  /** Operation and object. */
  attempted: string;
  /** The file or folder in question, as a full path. */
  path: string;
  /** What the operation still had to store, as far as known. */
  neededBytes?: number;
  /** Variable that says where the folder lies. @defaultValue BACKUP_DIR */
  setting?: string;
}

/** Runs `work`; what the file system refuses becomes an error of the catalogue. */
export async function storing<T>(context: StorageContext, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw await storageError(error, context);
  }
}

/** The catalogue's error for a system call that failed; any other error comes back as it is. */
export async function storageError(error: unknown, context: StorageContext): Promise<unknown> {
  const code = errorCode(error);
  if (code === undefined || error instanceof HoldfastError) return error;
  const { attempted, path } = context;
  const words = (error as Error).message;
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return notEnoughSpace(error, context);
    case 'EFBIG':
      return new HoldfastError(
        'FileTooLarge',
        {
          attempted,
          cause: words,
          remedy: 'raise the limit on file size (ulimit -f), or use a file system that holds such files',
        },
        { cause: error },
      );
    case 'ELOOP':
      return symbolicLinkRefused(attempted, path);
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'ENOTDIR':
      return notWritable(error, context);
    default:
      return new HoldfastError(
        'StorageFailed',
        { attempted, cause: words, remedy: 'check the disk' },
        { cause: error },
      );
  }
}

/** `code` of a system call's error, such as `ENOENT`. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && 'syscall' in error
    ? error.code
    : undefined;
}

export function symbolicLinkRefused(attempted: string, path: string): HoldfastError {
  return new HoldfastError('SymbolicLinkRefused', {
    attempted,
    cause: `${path} is a symbolic link, and Holdfast follows none in a repository`,
    remedy: 'put the real folder or file there, or set BACKUP_DIR to the real path',
  });
}

async function notEnoughSpace(error: unknown, { attempted, path, neededBytes }: StorageContext) {
  const folder = dirname(path);
  const { bavail, bsize } = await statfs(folder);
  const free = `${bavail * bsize} bytes (${formatBytes(bavail * bsize)}) free in ${folder}`;
  const needed =
    neededBytes === undefined ? '' : `${neededBytes} bytes (${formatBytes(neededBytes)}) needed, `;
  const cause = `${(error as Error).message}; ${needed}${free}`;
  const remedy = 'free space there, shorten RETENTION_DAYS, or set BACKUP_DIR to a larger disk';
  return new HoldfastError('NotEnoughSpace', { attempted, cause, remedy }, { cause: error });
}

function notWritable(error: unknown, { attempted, path, setting = 'BACKUP_DIR' }: StorageContext) {
  const cause = `${(error as Error).message}; ${path} as OS user ${userName()}`;
  const remedy = `give the user ${userName()} the right to read and write there, or set ${setting} to another folder`;
  return new HoldfastError('RepositoryNotWritable', { attempted, cause, remedy }, { cause: error });
}

/** The OS user's name; its number where the system has no name for it. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}
