import { unquoteName } from '../sql-name.js';
/** What to run so that missing roles come back, and nothing that exists is changed. */
export interface MissingRolesPlan {
  /** In the order to run them. They may hold password hashes: never to be logged. */
  statements: string[];
  created: string[];
  /** Of the created ones, those that the backup's server had as superusers. */
  superusers: string[];
  /** Needed roles that the globals do not know either. */
  unknown: string[];
}

const identifier = '("(?:[^"]|"")*"|[^\\s";]+)';
const createRole = new RegExp(`^CREATE ROLE ${identifier}$`);
const alterRole = new RegExp(`^ALTER ROLE ${identifier} (WITH|SET) `);
const grantRole = new RegExp(`^GRANT ${identifier} TO ${identifier}( WITH [^;]*?)?( GRANTED BY .*)?$`, 's');

/**
 * Picks from the text of `pg_dumpall --globals-only` what brings back the needed roles that are missing, with the
 * missing roles whose members they are. A membership is granted only to a role that is created here, and by whoever
 * restores: the grantor of old may not exist.
 */
export function planMissingRoles(
  globals: string,
  needed: readonly string[],
  existing: ReadonlySet<string>,
): MissingRolesPlan {
  const statements = splitStatements(globals);
  const known = new Set(statements.flatMap((sql) => nameIn(sql, createRole)));
  const memberships = statements.flatMap(membershipIn);
  const created = new Set<string>();
  const pending = needed.filter((role) => !existing.has(role));
  for (let role = pending.pop(); role !== undefined; role = pending.pop()) {
    if (created.has(role) || existing.has(role) || !known.has(role)) continue;
    created.add(role);
    pending.push(...memberships.filter(({ member }) => member === role).map(({ group }) => group));
  }
  const about = (sql: string, pattern: RegExp) => nameIn(sql, pattern).some((role) => created.has(role));
  const attributes = statements.filter((sql) => about(sql, alterRole));
  return {
    statements: [
      ...statements.filter((sql) => about(sql, createRole)),
      ...attributes,
      ...memberships
        .filter(({ group, member }) => created.has(member) && (created.has(group) || existing.has(group)))
        .map(({ sql }) => sql),
    ],
    created: [...created].sort(),
    superusers: attributes
      .filter((sql) => / WITH SUPERUSER /.test(sql))
      .flatMap((sql) => nameIn(sql, alterRole)),
    unknown: needed.filter((role) => !existing.has(role) && !created.has(role)),
  };
}

function nameIn(sql: string, pattern: RegExp): string[] {
  const name = pattern.exec(sql)?.[1];
  return name === undefined ? [] : [unquoteName(name)];
}

function membershipIn(sql: string): { group: string; member: string; sql: string }[] {
  const [, group, member, how = ''] = grantRole.exec(sql) ?? [];
  if (group === undefined || member === undefined) return [];
  return [
    { group: unquoteName(group), member: unquoteName(member), sql: `GRANT ${group} TO ${member}${how}` },
  ];
}

/** Statements without their semicolon; comments and psql's commands left out. */
function splitStatements(sql: string): string[] {
  const token =
    /--[^\n]*|^\\[^\n]*|"(?:[^"]|"")*"|\bE'(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*'|;|[^"';\-\\E]+|[\s\S]/gmsu;
  const statements: string[] = [];
  let current = '';
  for (const [text] of sql.matchAll(token)) {
    if (text === ';') {
      statements.push(current.trim());
      current = '';
    } else if (!text.startsWith('--') && !(text.startsWith('\\') && current.trim() === '')) current += text;
  }
  return statements;
}
