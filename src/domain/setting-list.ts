/** Settings whose value is a list of names, each quoted for itself (`GUC_LIST_QUOTE` in PostgreSQL's source). */
const lists = new Set([
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
]);

/** A `name=value` of `pg_db_role_setting`, with the values to give to SET one by one, as `pg_dump` does. */
export interface ParsedSetting {
  name: string;
  values: string[];
}

/** Undefined when the text is not `name=value`. */
export function parseSetting(setting: string): ParsedSetting | undefined {
  const equals = setting.indexOf('=');
  if (equals < 1) return undefined;
  const name = setting.slice(0, equals);
  const value = setting.slice(equals + 1);
  return { name, values: lists.has(name.toLowerCase()) ? splitNames(value) : [value] };
}

/** `"$user", public` to its names. */
function splitNames(list: string): string[] {
  const names = [...list.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^,"]*))\s*(?:,|$)/g)]
    .filter((match) => match[0] !== '' || list === '')
    .map(([, quoted, plain = '']) => (quoted === undefined ? plain.trim() : quoted.replaceAll('""', '"')));
  return names.length > 0 ? names : [''];
}
