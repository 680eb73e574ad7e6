import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '../../sha256.js';

/** What a supervisor writes of itself into the state directory, for the commands that come after. */
export interface ServerState {
  supervisorPid: number;
  serverPid: number;
  port: number;
  uiPort: number;
}

/** What a command says when it connects to the supervisor. */
export interface Hello {
  /** It was connected before, to a supervisor that died. */
  again: boolean;
}

/** What it may say last: the server is to end at once, unless others need it. */
export interface Goodbye {
  bye: true;
}

/** The supervisor's answer, once the server listens. */
export type Welcome = { port: number; uiPort: number; first: boolean } | { error: string };

/** What the supervisor tells later, of the server that it started. */
export type ServerNews =
  /** It ended by itself, and is started again. */
  | { news: 'ended' }
  | { news: 'back' }
  /** Other commands still need it: the answer to a goodbye. */
  | { news: 'stays' }
  | { news: 'given up'; cause: string };

/** Where the server is to listen, on 127.0.0.1. */
export interface WantedPorts {
  port?: number;
  uiPort?: number;
}

/** Files of the embedded server in its state directory. */
export function stateFiles(stateDir: string) {
  return {
    state: join(stateDir, 'server.json'),
    database: join(stateDir, 'temporal.db'),
    log: join(stateDir, 'temporal.log'),
  };
}

/** The last state that was written; undefined when none can be read. */
export function readState(stateDir: string): ServerState | undefined {
  try {
    return JSON.parse(readFileSync(stateFiles(stateDir).state, 'utf8')) as ServerState;
  } catch {
    return undefined;
  }
}

export function writeState(stateDir: string, state: ServerState): void {
  const { state: file } = stateFiles(stateDir);
  writeFileSync(`${file}.new`, `${JSON.stringify(state)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** Path of a process's socket. A socket's path has at most some 100 bytes, so a deep state directory has it in /tmp. */
export function socketPath(stateDir: string, whose: 'supervisor' | 'up' = 'supervisor'): string {
  const inside = join(stateDir, `${whose}.sock`);
  if (Buffer.byteLength(inside) < 100) return inside;
  const folder = `/tmp/holdfast-${process.getuid?.() ?? 0}`;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { uid, mode } = statSync(folder);
  if (uid !== (process.getuid?.() ?? uid) || (mode & 0o077) !== 0) {
    throw new Error(`${folder} is not a folder of this user alone: remove it`);
  }
  const digest = sha256(stateDir).slice(0, 16);
  return join(folder, `${digest}${whose === 'supervisor' ? '' : `-${whose}`}.sock`);
}

/** Whether process `pid` lives and was started for `stateDir`: ids are used again, so its arguments are looked at. */
export async function runsFor(stateDir: string, pid: number): Promise<boolean> {
  if (!pid) return false;
  const args = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined);
  if (args !== undefined) return args.includes(stateDir);
  // Elsewhere than on Linux there is no /proc.
  return await new Promise((resolve) => {
    execFile('ps', ['-ww', '-o', 'args=', '-p', String(pid)], (_, stdout) =>
      resolve(stdout.includes(stateDir)),
    );
  });
}
