import type { DatabaseProperties } from '../../../domain/backup/metadata.js';
import { HoldfastError } from '../../../domain/errors.js';
import { quoteIdentifier, quoteLiteral, showName } from '../../quote.js';

/** What of a database is fixed when it is created. */
export type CreationProperties = Pick<
  DatabaseProperties,
  'encoding' | 'collate' | 'ctype' | 'locale_provider' | 'locale' | 'icu_rules'
>;

/**
 * The clauses of CREATE DATABASE that give encoding and locale, in the words of the server's version (PostgreSQL
 * manual, "CREATE DATABASE": LOCALE_PROVIDER and ICU_LOCALE since 15, ICU_RULES since 16, BUILTIN_LOCALE since 17).
 * @throws HoldfastError ServerLacksFeature when the server has not the locale provider
 */
function localeClauses(properties: CreationProperties, serverMajor: number): string[] {
  const { encoding, collate, ctype, locale_provider: provider, locale, icu_rules: rules } = properties;
  const clauses = [
    `ENCODING ${quoteLiteral(encoding)}`,
    `LC_COLLATE ${quoteLiteral(collate)}`,
    `LC_CTYPE ${quoteLiteral(ctype)}`,
  ];
  if (provider === 'c') return serverMajor < 15 ? clauses : [...clauses, 'LOCALE_PROVIDER libc'];
  const [name, since] = provider === 'i' ? (['icu', 15] as const) : (['builtin', 17] as const);
  if (serverMajor < since) throw lacks(`the locale provider ${name}`, since, serverMajor);
  if (rules !== null && serverMajor < 16) throw lacks('rules of its own for ICU', 16, serverMajor);
  return [
    ...clauses,
    `LOCALE_PROVIDER ${name}`,
    ...(locale === null ? [] : [`${name}_LOCALE ${quoteLiteral(locale)}`]),
    ...(rules === null ? [] : [`ICU_RULES ${quoteLiteral(rules)}`]),
  ];
}

function lacks(what: string, since: number, serverMajor: number): HoldfastError {
  return new HoldfastError('ServerLacksFeature', {
    attempted: 'create a database with the locale of the backup',
    cause: `the backup’s database has ${what}, which PostgreSQL has since ${since}, and the server is ${serverMajor}`,
    remedy: `Restore on PostgreSQL ${since} or newer.`,
  });
}

export interface StagingDatabase extends CreationProperties {
  name: string;
  owner: string;
  tablespace: string | null;
}

/**
 * CREATE DATABASE from `template0`, which holds nothing of the site's own. It takes no connections yet, so that a
 * crash before it has its mark leaves a database that provably nobody has written to.
 * @throws HoldfastError ServerLacksFeature
 */
export function createStatement(staging: StagingDatabase, serverMajor: number): string {
  return [
    `CREATE DATABASE ${quoteIdentifier(staging.name)} TEMPLATE template0`,
    `OWNER ${quoteIdentifier(staging.owner)}`,
    ...localeClauses(staging, serverMajor),
    ...(staging.tablespace === null ? [] : [`TABLESPACE ${quoteIdentifier(staging.tablespace)}`]),
    'ALLOW_CONNECTIONS false',
  ].join(' ');
}

/** The error for what CREATE DATABASE was refused with, by SQLSTATE. */
export function creationError(code: string, words: string, name: string): HoldfastError | undefined {
  const story = { attempted: `create the staging database ${showName(name)}`, cause: words };
  // wrong_object_type, invalid_parameter_value, feature_not_supported: what a server says of a locale it has not
  if (['42809', '22023', '0A000'].includes(code)) {
    const remedy = 'Install the backup’s locale on the server’s machine, then restart the server.';
    return new HoldfastError('ServerLacksFeature', { ...story, remedy });
  }
  if (code === '53100')
    return new HoldfastError('NotEnoughSpace', { ...story, remedy: 'Free space on the server’s disk.' });
  if (code === '55006')
    return new HoldfastError('DatabaseInUse', { ...story, remedy: 'End the sessions in template0.' });
  return undefined;
}
