import { errorCatalogue, HoldfastError } from '../../domain/errors.js';

/** Whether an error is one of having no session with the server: those of exit code 3. */
export function isServerAway(error: unknown): error is HoldfastError {
  return error instanceof HoldfastError && errorCatalogue[error.type].exitCode === 3;
}
