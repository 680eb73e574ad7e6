import { unquoteName } from './sql-name.js';
/** One entry of an access control list as PostgreSQL prints it: `grantee=privileges/grantor`. */
export interface AclEntry {
  /** Null for PUBLIC. */
  grantee: string | null;
  privileges: { name: string; grantable: boolean }[];
  grantor: string;
}

/** Letters of a database's privileges (PostgreSQL manual, "Privileges"). */
const databasePrivileges: Record<string, string> = { C: 'CREATE', T: 'TEMPORARY', c: 'CONNECT' };

/** Reads an entry of `pg_database.datacl`; undefined when it is not one. */
export function parseDatabaseAcl(entry: string): AclEntry | undefined {
  const name = '("(?:[^"]|"")*"|[^"=/]*)';
  const match = new RegExp(`^${name}=([A-Za-z*]*)/${name}$`, 's').exec(entry);
  if (!match) return undefined;
  const [, grantee = '', letters = '', grantor = ''] = match;
  const privileges = [...letters.matchAll(/([A-Za-z])(\*?)/g)].map(([, letter = '', star]) => ({
    name: databasePrivileges[letter],
    grantable: star === '*',
  }));
  if (privileges.some((privilege) => privilege.name === undefined)) return undefined;
  return {
    grantee: grantee === '' ? null : unquoteName(grantee),
    privileges: privileges as AclEntry['privileges'],
    grantor: unquoteName(grantor),
  };
}
