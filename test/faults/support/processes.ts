import { readdirSync, readFileSync } from 'node:fs';

/** A process as /proc shows it. */
export interface ProcessSight {
  pid: number;
  args: string;
}

/** Every process that can be seen. */
export function processes(): ProcessSight[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), args: read(`/proc/${name}/cmdline`).replaceAll('\0', ' ') }));
}

/** The `pg_dump` processes that connect to `port`, that is, those of one test. */
export function dumpsTo(port: number): ProcessSight[] {
  return processes().filter(
    ({ pid, args }) =>
      /^\S*pg_dump /.test(args) && read(`/proc/${pid}/environ`).split('\0').includes(`PGPORT=${port}`),
  );
}

const lookEveryMs = 150;

/** Looks for `secret` in the arguments of every process, again and again. */
export function watchArguments(secret: string): { seen: ProcessSight[]; stop(): void } {
  const seen: ProcessSight[] = [];
  const timer = setInterval(
    () => seen.push(...processes().filter(({ args }) => args.includes(secret))),
    lookEveryMs,
  );
  return { seen, stop: () => clearInterval(timer) };
}

/** Empty for a process that has ended meanwhile, or is another user's. */
function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
