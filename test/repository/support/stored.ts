import { readFileSync } from 'node:fs';
import type { Repository } from '../../../src/repository/repository.js';
import { sha256 } from './publication.js';

/** SHA-256 of the artifact as it stands on disk. */
export async function storedSha256(repository: Repository, id: string): Promise<string> {
  return sha256(readFileSync((await repository.find(id)).path));
}
