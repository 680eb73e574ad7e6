import { mkdir, readdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { cacheDirectory } from '../../src/config/directories.js';
import { findProgram } from '../../src/stream/program/find-program.js';
import { obtainOnce } from '../../src/temporal/embedded/cache.js';

const programs = ['prometheus', 'promtool'] as const;

/** The folder of `prometheus` and `promtool`: the one on PATH, else of Debian's package, which is not installed. */
export async function prometheusBinDir(onProgress?: (line: string) => void): Promise<string> {
  const [prometheus, promtool] = await Promise.all(programs.map((name) => findProgram(name)));
  if (prometheus && promtool && dirname(prometheus) === dirname(promtool)) return dirname(prometheus);
  const obtained = await obtainOnce(
    join(cacheDirectory(), 'prometheus-debian'),
    (folder) => unpackPackage(folder, onProgress),
    () => onProgress?.('waiting for another process that fetches Prometheus'),
  );
  return join(obtained, 'usr', 'bin');
}

/** Needs no right to install: apt-get checks the package's signature and puts it into the working folder. */
async function unpackPackage(folder: string, onProgress?: (line: string) => void): Promise<void> {
  onProgress?.("fetching Prometheus, Debian's package (19 MB, once)");
  const workshop = dirname(folder);
  const first = await aptGet(workshop, ['download', '--quiet', 'prometheus']);
  if (first.exitCode !== 0) await downloadWithOwnLists(workshop);
  const name = (await readdir(workshop)).find((each) => each.endsWith('.deb'));
  if (!name) throw new Error('apt-get downloaded no package prometheus');
  const unpacked = `${folder}.unpacked`;
  await mkdir(unpacked);
  await execa('dpkg-deb', ['-x', join(workshop, name), unpacked]);
  for (const program of programs) await execa(join(unpacked, 'usr', 'bin', program), ['--version']);
  await rename(unpacked, folder);
}

/** The machine's lists of packages may be missing or old, and are root's to renew. */
async function downloadWithOwnLists(workshop: string): Promise<void> {
  const [lists, cache] = [join(workshop, 'lists'), join(workshop, 'cache')];
  await mkdir(join(lists, 'partial'), { recursive: true });
  await mkdir(join(cache, 'archives', 'partial'), { recursive: true });
  const own = ['-o', `Dir::State::Lists=${lists}`, '-o', `Dir::Cache=${cache}`];
  await aptGet(workshop, [...own, 'update', '--quiet']);
  const { exitCode, all } = await aptGet(workshop, [...own, 'download', '--quiet', 'prometheus']);
  if (exitCode !== 0) throw new Error(`apt-get download prometheus failed: ${all?.slice(-500)}`);
}

function aptGet(cwd: string, args: string[]) {
  const options = { cwd, all: true, reject: false, extendEnv: true, env: { LC_ALL: 'C' } } as const;
  return execa('apt-get', args, options);
}
