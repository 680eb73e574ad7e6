import { isWord, type Part } from './statement-meaning.js';

/** What a statement of a dump takes for granted on the server; names are one character a byte. */
export interface Needs {
  roles: string[];
  extensions: string[];
}

/** Roles and extensions that a statement names, as `pg_dump` writes its statements. */
export function needsOf(parts: readonly Part[]): Needs {
  const [first, second, third] = parts;
  if (isWord(first, 'create') && isWord(second, 'extension'))
    return { roles: [], extensions: listAfter(parts, isWord(third, 'if') ? 'exists' : 'extension') };
  return { roles: rolesIn(parts).filter((role) => !noRoles.has(role)), extensions: [] };
}

/** `OWNER TO`, privileges and default privileges, policies, user mappings, and whose word a GRANT is. */
function rolesIn(parts: readonly Part[]): string[] {
  const [first, second, third] = parts;
  if (isWord(first, 'alter') && isWord(second, 'default'))
    return [...listAfter(parts, 'role'), ...listAfter(parts, 'to'), ...listAfter(parts, 'from')];
  if (isWord(first, 'alter')) return isWord(parts.at(-3), 'owner') ? listAfter(parts, 'to') : [];
  if (isWord(first, 'grant') || isWord(first, 'revoke'))
    return [...listAfter(parts, 'to'), ...listAfter(parts, 'from')];
  if (isWord(first, 'create') && isWord(second, 'policy')) return listAfter(parts, 'to');
  if (isWord(first, 'create') && isWord(second, 'user')) return listAfter(parts, 'for');
  if (isWord(first, 'set') && isWord(third, 'authorization')) return listAfter(parts, 'authorization');
  return [];
}

/** Key words that stand where a role's name may. */
const noRoles = new Set(['PUBLIC', 'public', 'DEFAULT', 'CURRENT_USER', 'SESSION_USER', 'CURRENT_ROLE']);

/** The names that follow the first such key word, separated by commas. Key words that are names come quoted. */
function listAfter(parts: readonly Part[], word: string): string[] {
  const names: string[] = [];
  const start = parts.findIndex((part) => isWord(part, word)) + 1;
  if (start === 0) return names;
  for (let index = start; index < parts.length; index += 2) {
    const part = parts[index];
    if (part && part.kind !== 'symbol') names.push(part.text);
    if (parts[index + 1]?.text !== ',') break;
  }
  return names;
}
