import { HoldfastError } from '../src/domain/errors.js';
import { byteLength, longestNameBytes } from '../src/domain/restore-names.js';
import { showName } from '../src/postgres/quote.js';

/**
 * PostgreSQL would cut a long name, and take the role's for an empty one: another database would be meant.
 * @throws HoldfastError `ConfigurationInvalid`
 */
export function refuseImpossibleName(verb: 'back up' | 'restore', database: string): void {
  if (database !== '' && byteLength(database) <= longestNameBytes) return;
  throw new HoldfastError('ConfigurationInvalid', {
    attempted: `${verb} database ${showName(database)}`,
    cause: `the name has ${byteLength(database)} bytes, and a database's name has 1 to ${longestNameBytes}`,
    remedy: verb === 'restore' ? 'choose another name for the target' : 'name a database that exists',
  });
}
