import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { HoldfastError } from '../domain/errors.js';
import { sha256 } from '../sha256.js';
import type { RestoreSource } from './restore-source.js';

const unpack = promisify(gunzip);

/** As much as `pg_dumpall` is let write. */
const largestBytes = 256 * 1024 * 1024;

/**
 * The text of a backup's globals, once its SHA-256 is that of the metadata. It may hold password hashes: never to be
 * logged.
 *
 * @throws HoldfastError `RoleMissing` when the backup has none, `VerificationFailed` when they were changed
 */
export async function readGlobals({
  id,
  globalsPath,
  metadata,
}: Pick<RestoreSource, 'id' | 'globalsPath' | 'metadata'>): Promise<string> {
  const attempted = `read the roles saved with backup ${id}`;
  const stored = metadata?.format_version === 1 ? metadata : undefined;
  if (globalsPath === null) {
    throw new HoldfastError('RoleMissing', {
      attempted,
      cause: stored?.globals_missing_because ?? 'there is no globals file beside it',
      remedy: 'create the roles by hand, then restore without --globals',
    });
  }
  const bytes = await readFile(globalsPath);
  const checksum = sha256(bytes);
  const expected = stored?.globals_checksum;
  const isSame = expected === undefined || expected === null || expected === checksum;
  const text = isSame
    ? await unpack(bytes, { maxOutputLength: largestBytes }).catch(() => undefined)
    : undefined;
  if (text) return text.toString('utf8');
  throw new HoldfastError('VerificationFailed', {
    attempted,
    cause: `${globalsPath} is damaged or was changed: its SHA-256 is ${checksum}`,
    remedy: 'create the roles by hand, and find out who writes to the repository',
  });
}
