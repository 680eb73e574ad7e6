import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Cluster } from './cluster.js';
import { environmentWithoutPg } from './postgres-process.js';

/** Transactions a second and sessions. */
export interface Load {
  rate: number;
  clients: number;
}

/** Sets up pgbench's tables, and has it work on them until it is stopped. */
export async function startPgbench(cluster: Cluster, { rate, clients }: Load) {
  const env = { ...environmentWithoutPg(), ...cluster.env };
  const pgbench = (...args: string[]) =>
    execa(join(cluster.binDir, 'pgbench'), args, { env, extendEnv: false, reject: false });
  const made = await pgbench('--initialize', '--quiet', 'postgres');
  if (made.exitCode !== 0) throw new Error(made.stderr);
  const options = ['--no-vacuum', '--time=86400', `--rate=${rate}`, `--client=${clients}`];
  const child = pgbench(...options, 'postgres');
  let isOver = false;
  void child.then(() => {
    isOver = true;
  });
  return {
    /** Ends it in the middle of what it does; fails where it had ended before. */
    async stop(): Promise<void> {
      if (isOver) throw new Error(`pgbench ended: ${(await child).stderr}`);
      child.kill('SIGKILL');
      await child;
    },
  };
}

/** A transaction's end as the server wrote it to its WAL. */
export interface TransactionEnd {
  xid: string;
  isCommit: boolean;
  /** By the server's clock, microseconds since 1970. */
  atUs: bigint;
}

/**
 * Every transaction's end in the order of the WAL, from what the server itself still has of it (`wal_keep_size`). Their
 * times need not be in order: a session may be held up between looking at the clock and writing.
 */
export async function transactionEnds({ dataDir, binDir }: Cluster): Promise<TransactionEnd[]> {
  const folder = join(dataDir, 'pg_wal');
  const segments = (await readdir(folder)).filter((name) => /^[0-9A-F]{24}$/.test(name)).sort();
  const args = ['-p', folder, '-r', 'Transaction', segments[0] ?? '', segments.at(-1) ?? ''];
  // It ends with an error where the WAL does.
  const options = { env: { TZ: 'UTC' }, reject: false, maxBuffer: 1e9 } as const;
  const { stdout } = await execa(join(binDir, 'pg_waldump'), args, options);
  const line = /tx: +(\d+),.* desc: (COMMIT|ABORT) (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)\.(\d{6}) UTC/;
  return stdout.split('\n').flatMap((text) => {
    const [, xid, kind, day, time, us] = line.exec(text) ?? [];
    if (xid === undefined) return [];
    const atUs = BigInt(Date.parse(`${day}T${time}Z`)) * 1000n + BigInt(us ?? 0);
    return [{ xid, isCommit: kind === 'COMMIT', atUs }];
  });
}

/** Transactions that recovery to a time brings back: it ends before the first record of a later one's end. */
export function committedBy(ends: readonly TransactionEnd[], atUs: bigint): Set<string> {
  const stop = ends.findIndex((end) => end.atUs > atUs);
  const before = ends.slice(0, stop === -1 ? ends.length : stop);
  return new Set(before.filter(({ isCommit }) => isCommit).map(({ xid }) => xid));
}
