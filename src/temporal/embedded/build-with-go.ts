import { mkdir, rename, rm, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { type FetchOptions, reportGrowth } from './progress.js';

/** What modules and build cache take while the build runs. */
const neededBytes = 5.5e9;

/** Builds the Temporal CLI with `go install`, its caches beside `file` and removed afterwards. */
export async function buildWithGo(release: string, file: string, options: FetchOptions): Promise<void> {
  const { onProgress, env } = options;
  const workshop = join(dirname(file), 'go');
  const folders = { GOBIN: 'bin', GOMODCACHE: 'modules', GOCACHE: 'build', GOTMPDIR: 'tmp' };
  await execa('go', ['version'], { env, extendEnv: false }).catch((error: NodeJS.ErrnoException) => {
    throw new Error(error.code === 'ENOENT' ? 'Go is not installed' : error.message);
  });
  await mkdir(join(workshop, 'tmp'), { recursive: true });
  await requireSpace(workshop);
  const paths = Object.entries(folders).map(([name, folder]) => [name, join(workshop, folder)]);
  onProgress(`building Temporal ${release} with Go: some minutes and 5 GB in ${workshop}, once`);
  const endReport = reportGrowth(`building Temporal ${release} with Go`, workshop, onProgress);
  try {
    await execa('go', ['install', '-ldflags=-s -w', `github.com/temporalio/cli/cmd/temporal@v${release}`], {
      cwd: workshop,
      env: { ...env, ...Object.fromEntries(paths), CGO_ENABLED: '0', GOFLAGS: '-modcacherw', GOWORK: 'off' },
      extendEnv: false,
      cleanup: true,
    });
  } catch (error) {
    throw new Error(lastLine(error), { cause: error });
  } finally {
    endReport();
  }
  await rename(join(workshop, 'bin', 'temporal'), file);
  await rm(workshop, { recursive: true, force: true });
}

async function requireSpace(folder: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= neededBytes) return;
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
  throw new Error(
    `needs ${gigabytes(neededBytes)} free in ${folder}, which has ${gigabytes(bavail * bsize)}`,
  );
}

function lastLine(error: unknown): string {
  const { stderr = '', message = '' } = error as { stderr?: string; message?: string };
  return stderr.trim().split('\n').at(-1) || message;
}
