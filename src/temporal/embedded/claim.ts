import { chmod, mkdir, realpath, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { tryLock } from './cache.js';
import { dial } from './dial.js';
import { onLines, sayLine } from './lines.js';
import { socketPath } from './state.js';

/** What the one process that keeps a repository at work tells of itself. */
export interface Claimant {
  pid: number;
  /** ISO 8601, UTC. */
  since: string;
  /** Temporal's; absent while it is being started. */
  address?: string;
  uiAddress?: string;
}

/** A claim that holds as long as its process lives. */
export interface Claim {
  /** What whoever asks is told from now on. */
  tell(more: Pick<Claimant, 'address' | 'uiAddress'>): void;
  release(): Promise<void>;
}

/** How long a claimant may take to answer. One that is connected to and silent lives all the same. */
const answerMs = 10_000;
const silent: Claimant = { pid: 0, since: '' };

/** Claims a state directory for this process; gives the claimant where there is one already. */
export async function claim(stateDir: string): Promise<Claim | Claimant> {
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  await chmod(stateDir, 0o700);
  const folder = await realpath(stateDir);
  for (;;) {
    const holder = await claimantOf(folder);
    if (holder) return holder;
    // Nobody listens: whoever has the lock may remove the socket that a dead process left.
    const unlock = await tryLock(join(folder, 'claim'));
    if (!unlock) {
      await delay(50);
      continue;
    }
    try {
      return (await claimantOf(folder)) ?? (await listen(socketPath(folder, 'up')));
    } finally {
      await unlock();
    }
  }
}

/** The process that has claimed a state directory. */
export async function claimantOf(stateDir: string): Promise<Claimant | undefined> {
  const folder = await realpath(stateDir).catch(() => undefined);
  const socket = folder === undefined ? undefined : await dial(socketPath(folder, 'up'));
  if (!socket) return undefined;
  const answer = new Promise<Claimant | undefined>((resolve) => {
    onLines(socket, (message) => resolve(message as Claimant));
    socket.once('close', () => resolve(undefined));
  });
  const found = await Promise.race([answer, delay(answerMs, silent, { ref: false })]);
  socket.destroy();
  return found;
}

async function listen(socketFile: string): Promise<Claim> {
  await rm(socketFile, { force: true });
  let told: Claimant = { pid: process.pid, since: new Date().toISOString() };
  const server = createServer((socket) => {
    socket.on('error', () => {});
    sayLine(socket, told);
    socket.end();
  });
  await listening(server, socketFile);
  await chmod(socketFile, 0o600);
  // The claim by itself keeps no process from ending.
  server.unref();
  return {
    tell(more) {
      told = { ...told, ...more };
    },
    release: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

async function listening(server: Server, socketFile: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketFile, resolve);
  });
}
