import { readdir, readFile, readlink } from 'node:fs/promises';

/** `0A` in /proc/net/tcp: the socket listens. */
const listening = '0A';

/**
 * Who listens at a TCP port of this machine, as far as this user may see it: `process 123 (postgres)`; undefined where
 * it can't be told. Of a process's arguments only what is known to be no secret is shown.
 */
export async function portHolder(port: number): Promise<string | undefined> {
  const inodes = new Set(
    (await Promise.all(['tcp', 'tcp6'].map((table) => listenersAt(table, port)))).flat(),
  );
  if (inodes.size === 0) return undefined;
  for (const pid of await readdir('/proc')) {
    if (/^\d+$/.test(pid) && (await holds(pid, inodes))) return describe(pid);
  }
  return "another user's process";
}

/** Inodes of the sockets that listen at `port`; none where there is no /proc. */
async function listenersAt(table: string, port: number): Promise<string[]> {
  const text = await readFile(`/proc/net/${table}`, 'utf8').catch(() => '');
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  return text.split('\n').flatMap((line) => {
    const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
    return local?.endsWith(`:${hex}`) && state === listening && inode ? [inode] : [];
  });
}

async function holds(pid: string, inodes: ReadonlySet<string>): Promise<boolean> {
  const folder = `/proc/${pid}/fd`;
  const descriptors = await readdir(folder).catch(() => []);
  const links = await Promise.all(descriptors.map((name) => readlink(`${folder}/${name}`).catch(() => '')));
  return links.some((link) => inodes.has(/^socket:\[(\d+)\]$/.exec(link)?.[1] ?? ''));
}

async function describe(pid: string): Promise<string> {
  const args = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
  const database = args[args.indexOf('--db-filename') + 1];
  if (args.includes('start-dev') && database?.endsWith('/temporal.db')) {
    return `process ${pid}, a Temporal server that Holdfast runs for another repository (${database})`;
  }
  const name = (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim();
  return `process ${pid}${name && ` (${name})`}`;
}
