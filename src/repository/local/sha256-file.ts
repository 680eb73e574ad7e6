import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { openFile } from './real-file.js';
import { storing } from './storage-error.js';

/** SHA-256 of a stored file, in hexadecimal. */
export async function sha256OfFile(path: string): Promise<string> {
  const handle = await openFile(path);
  const hash = createHash('sha256');
  await storing({ attempted: `read ${path}`, path }, () => pipeline(handle.createReadStream(), hash));
  return hash.digest('hex');
}
