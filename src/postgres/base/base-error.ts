import { HoldfastError } from '../../domain/errors.js';
import { errorCode, storageError } from '../../files/storage-error.js';
import { FilterFailed } from '../../stream/program/filter-program.js';
import { cancelled } from '../connection/error.js';

/**
 * What went wrong while a stored base backup was read, as an error of the catalogue: what is not the storage's fault,
 * nor that of a decompressor that was killed, is the archive's.
 */
export async function baseReadError(error: unknown, path: string, signal: AbortSignal): Promise<unknown> {
  const attempted = `read base backup ${path}`;
  if (signal.aborted) return cancelled(attempted);
  if (error instanceof HoldfastError || !(error instanceof Error)) return error;
  if (errorCode(error) !== undefined) return await storageError(error, { attempted, path });
  if (error instanceof FilterFailed && error.notByInput)
    return new HoldfastError('GeneralError', { attempted, cause: error.message }, { cause: error });
  const remedy = 'use another base backup, take a new one, and look at the storage';
  return new HoldfastError(
    'VerificationFailed',
    { attempted, cause: error.message, remedy },
    { cause: error },
  );
}
