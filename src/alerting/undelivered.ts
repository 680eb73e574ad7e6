import { HoldfastError } from '../domain/errors.js';

/**
 * Whether an alert was not taken: `AlertNotDelivered`, where it may be the next time, or `AlertRefused`, where the place
 * has answered that it does not take it as it is.
 */
export function isUndelivered(error: unknown): error is HoldfastError {
  return (
    error instanceof HoldfastError && (error.type === 'AlertNotDelivered' || error.type === 'AlertRefused')
  );
}
