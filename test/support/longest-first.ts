import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Folders whose files take minutes, those that take longest first. */
const slowFolders = ['test/faults/', 'test/e2e/', 'test/workflows/', 'test/postgres/'];

/**
 * Starts the files of slow folders first. On a fresh clone vitest knows no durations and goes by the size of a file,
 * which leaves some of minutes to the end, where one of them keeps a single core busy.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const bySize = await super.sort(files);
    return bySize.toSorted((a, b) => this.rank(a) - this.rank(b));
  }

  private rank({ moduleId }: TestSpecification): number {
    const path = relative(this.ctx.config.root, moduleId);
    const found = slowFolders.findIndex((folder) => path.startsWith(folder));
    return found === -1 ? slowFolders.length : found;
  }
}
