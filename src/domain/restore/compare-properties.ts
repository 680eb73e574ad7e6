import { parseDatabaseAcl } from '../acl.js';
import type { DatabaseProperties } from '../backup/metadata.js';

/** A property of the database that is other in the backup. */
export interface PropertyChange {
  /** In words: `owner`, `work_mem`, `privileges of "ann"`. */
  property: string;
  /** Of the present target. */
  before: string;
  /** Of the backup, which it becomes. */
  after: string;
}

const absent = '–';

/** What of a database's owner, locale, limits, settings and privileges becomes that of the backup. */
export function compareProperties(before: DatabaseProperties, after: DatabaseProperties): PropertyChange[] {
  const [now, then] = [wordsOf(before), wordsOf(after)];
  return [...new Set([...now.keys(), ...then.keys()])]
    .filter((property) => now.get(property) !== then.get(property))
    .map((property) => ({
      property,
      before: shown(property, now.get(property)),
      after: shown(property, then.get(property)),
    }));
}

function wordsOf(properties: DatabaseProperties): Map<string, string> {
  const { owner, encoding, collate, ctype, tablespace, connection_limit, is_template, comment } = properties;
  return new Map([
    ...Object.entries({ owner, encoding, collate, ctype, locale: localeOf(properties), tablespace }),
    ['connection limit', connection_limit === -1 ? 'none' : `${connection_limit}`],
    ['template', is_template ? 'yes' : 'no'],
    ['comment', comment ?? absent],
    ...properties.settings.map(settingOf),
    ...privilegesOf(properties),
  ]);
}

const providers: Record<string, string> = { c: 'libc', i: 'icu', b: 'builtin' };

function localeOf({ locale_provider, locale, icu_rules }: DatabaseProperties): string {
  const provider = providers[locale_provider] ?? locale_provider;
  return [provider, locale, icu_rules].filter((word) => word !== null).join(' ');
}

function settingOf({ role, setting }: DatabaseProperties['settings'][number]): [string, string] {
  const equals = setting.indexOf('=');
  const name = setting.slice(0, equals);
  const property = role === null ? `setting ${name}` : `setting ${name} of ${JSON.stringify(role)}`;
  return [property, setting.slice(equals + 1)];
}

/** A setting with a dot is an application's or an extension's own, and may be a secret: that it differs is told. */
function shown(property: string, value: string | undefined): string {
  if (value === undefined) return absent;
  return /^setting [^ ]*\./.test(property) ? '(a value)' : value;
}

/** What each role may do, whoever granted it; where nobody changed them the default privileges, written out. */
function privilegesOf({ grants, owner }: DatabaseProperties): Map<string, string> {
  const byRole = new Map<string, Set<string>>();
  for (const { grantee, privileges } of grants?.flatMap(entryOf) ?? defaultPrivileges(owner)) {
    const role = `privileges of ${grantee === null ? 'PUBLIC' : JSON.stringify(grantee)}`;
    const known = byRole.get(role) ?? new Set();
    for (const { name, grantable } of privileges) known.add(grantable ? `${name} (grantable)` : name);
    byRole.set(role, known);
  }
  return new Map([...byRole].map(([role, privileges]) => [role, [...privileges].sort().join(', ')]));
}

function entryOf(entry: string) {
  return parseDatabaseAcl(entry) ?? [];
}

/** PostgreSQL manual, "Privileges": of a database. */
function defaultPrivileges(owner: string) {
  const named = (...names: string[]) => names.map((name) => ({ name, grantable: false }));
  return [
    { grantee: null, privileges: named('CONNECT', 'TEMPORARY') },
    { grantee: owner, privileges: named('CONNECT', 'CREATE', 'TEMPORARY') },
  ];
}
