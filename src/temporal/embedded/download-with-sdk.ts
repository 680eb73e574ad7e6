import { chmod, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { execa } from 'execa';
import { messageOf } from '../../domain/errors.js';
import { type FetchOptions, reportGrowth } from './progress.js';

/** A download that gives nothing new for so long is given up. */
const stallMs = 45_000;

/**
 * Has Temporal's SDK download the CLI, and moves it to `file`. It runs in a process of its own, since the SDK's
 * download can't be stopped otherwise.
 */
export async function downloadWithSdk(release: string, file: string, options: FetchOptions): Promise<void> {
  const { onProgress, env } = options;
  const downloadDir = join(dirname(file), 'download');
  await mkdir(downloadDir);
  onProgress(`downloading Temporal ${release}`);
  const stalled = new AbortController();
  let last = { sizeBytes: -1, at: Date.now() };
  const endReport = reportGrowth(`downloading Temporal ${release}`, downloadDir, onProgress, (sizeBytes) => {
    if (sizeBytes !== last.sizeBytes) last = { sizeBytes, at: Date.now() };
    else if (Date.now() - last.at > stallMs) stalled.abort(new Error(`nothing came for ${stallMs / 1000} s`));
  });
  try {
    await execa(process.execPath, ['--input-type=module', '-e', program(release, downloadDir)], {
      env,
      extendEnv: false,
      cancelSignal: stalled.signal,
      cleanup: true,
    });
  } catch (error) {
    throw new Error(causeOf(error), { cause: error });
  } finally {
    endReport();
  }
  await rename(await executableIn(downloadDir), file);
  await chmod(file, 0o755);
  await rm(downloadDir, { recursive: true, force: true });
}

function program(release: string, downloadDir: string): string {
  const testing = pathToFileURL(createRequire(import.meta.url).resolve('@temporalio/testing')).href;
  const executable = { type: 'cached-download', version: `v${release}`, downloadDir };
  return `
    import testing from ${JSON.stringify(testing)};
    try {
      const environment = await testing.TestWorkflowEnvironment.createLocal({ server: { executable: ${JSON.stringify(executable)} } });
      await environment.teardown();
    } catch (error) {
      console.error('cause: ' + error.message.split('\\n')[0]);
      process.exit(1);
    }`;
}

function causeOf(error: unknown): string {
  const { stderr = '', isCanceled = false } = error as { stderr?: string; isCanceled?: boolean };
  if (isCanceled) return `nothing came for ${stallMs / 1000} s`;
  return /^cause: (.*)$/m.exec(stderr)?.[1] ?? messageOf(error);
}

/** The SDK names the file by its own version; it is by far the largest there. */
async function executableIn(folder: string): Promise<string> {
  const files = (await readdir(folder)).map((name) => join(folder, name));
  const sizes = await Promise.all(files.map(async (path) => ({ path, size: (await stat(path)).size })));
  const [largest] = sizes.sort((a, b) => b.size - a.size);
  if (!largest) throw new Error('the download left no file');
  return largest.path;
}
