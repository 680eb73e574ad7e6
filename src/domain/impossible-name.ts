import { HoldfastError } from './errors.js';
import { byteLength, longestNameBytes } from './sql-name.js';

const remedies = {
  'back up': 'name a database that exists',
  drill: 'name a database that exists',
  expire: 'name a database that exists',
  restore: 'choose another name for the target',
} as const;

/**
 * PostgreSQL would cut a long name, and take the role's for an empty one: another database would be meant. Commands ask
 * before they begin a run, since a run that fails raises an alert.
 * @throws HoldfastError `ConfigurationInvalid`
 */
export function refuseImpossibleName(verb: keyof typeof remedies, database: string): void {
  if (database !== '' && byteLength(database) <= longestNameBytes) return;
  throw new HoldfastError('ConfigurationInvalid', {
    attempted: `${verb} database ${JSON.stringify(database)}`,
    cause: `the name has ${byteLength(database)} bytes, and a database's name has 1 to ${longestNameBytes}`,
    remedy: remedies[verb],
  });
}
