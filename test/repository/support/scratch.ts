import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { localRepository } from '../../../src/repository/local/local-repository.js';
import { scratchRoot } from '../../support/server-user.js';

/** A folder for one test, gone after it; other users may enter it. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(scratchRoot(), 'holdfast-repository-'));
  chmodSync(folder, 0o755);
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** An empty local repository, and its folder of full backups. */
export async function scratchRepository() {
  const repository = localRepository(join(scratchFolder(), 'repository'), 'default');
  await repository.prepare();
  const full = join(repository.root, 'full');
  return { repository, full, files: () => readdirSync(full).sort() };
}
