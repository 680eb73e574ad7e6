import { mkdir, readdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { findProgram } from '../../src/stream/find-program.js';
import { cacheDir, obtainOnce } from '../../src/temporal/embedded/cache.js';

const programs = ['prometheus', 'promtool'] as const;

/** The folder of `prometheus` and `promtool`: the one on PATH, else of Debian's package, which is not installed. */
export async function prometheusBinDir(onProgress?: (line: string) => void): Promise<string> {
  const [prometheus, promtool] = await Promise.all(programs.map((name) => findProgram(name)));
  if (prometheus && promtool && dirname(prometheus) === dirname(promtool)) return dirname(prometheus);
  const obtained = await obtainOnce(
    join(cacheDir(), 'prometheus-debian'),
    (folder) => unpackPackage(folder, onProgress),
    () => onProgress?.('waiting for another process that fetches Prometheus'),
  );
  return join(obtained, 'usr', 'bin');
}

/** Needs no right to install: apt-get checks the package's signature and puts it into the working folder. */
async function unpackPackage(folder: string, onProgress?: (line: string) => void): Promise<void> {
  onProgress?.("fetching Prometheus, Debian's package (19 MB, once)");
  const workshop = dirname(folder);
  const { exitCode, all } = await execa('apt-get', ['download', '--quiet', 'prometheus'], {
    ...{ cwd: workshop, all: true, reject: false, extendEnv: true, env: { LC_ALL: 'C' } },
  });
  const name = (await readdir(workshop)).find((each) => each.endsWith('.deb'));
  if (exitCode !== 0 || !name)
    throw new Error(`apt-get download prometheus failed (apt-get update first?): ${all?.slice(-500)}`);
  const unpacked = `${folder}.unpacked`;
  await mkdir(unpacked);
  await execa('dpkg-deb', ['-x', join(workshop, name), unpacked]);
  for (const program of programs) await execa(join(unpacked, 'usr', 'bin', program), ['--version']);
  await rename(unpacked, folder);
}
