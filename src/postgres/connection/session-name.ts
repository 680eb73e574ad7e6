import { sha256 } from '../../sha256.js';

/** PostgreSQL cuts `application_name` to this many bytes. */
const longestName = 63;

/**
 * The `application_name` of everything one run opens: `holdfast <run tag>`. A tag that would be cut or changed by
 * PostgreSQL (which keeps printable ASCII only) is replaced by its digest, so that no two tags ever share a name.
 */
export function sessionName(runTag: string): string {
  const plain = `holdfast ${runTag}`;
  if (plain.length <= longestName && /^[\x21-\x7e]+$/.test(runTag)) return plain;
  return `holdfast ${sha256(runTag).slice(0, 40)}`;
}
