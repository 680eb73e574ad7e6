import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { programPath } from '../../package-root.js';
import { tryLock } from './cache.js';
import { dial } from './dial.js';
import { plainEnvironment } from './plain-environment.js';
import { readState, runsFor, type ServerState, socketPath, type WantedPorts } from './state.js';

export interface StartSupervisorOptions {
  /** Its real path. */
  stateDir: string;
  /** Gives the path of `temporal`; called only when a server must be started. */
  obtainExecutable: () => Promise<string>;
  searchAttributes: readonly string[];
  /** Others are taken where these are not free. */
  ports: WantedPorts;
  /** Called when everything is ready to start the server, which a rejection prevents. */
  beforeStart: () => Promise<void>;
  onProgress: (message: string) => void;
  /** Told once a supervisor runs, before it answers, and whether it was started here and now. */
  onUnderway: (startedHere: boolean) => void;
}

/** How long a supervisor may take until it answers at its socket. */
const supervisorStartMs = 15_000;

/** A connection to a fresh supervisor; undefined while another command is about to start one. */
export async function startSupervisor(options: StartSupervisorOptions): Promise<Socket | undefined> {
  const executable = await options.obtainExecutable();
  const release = await tryLock(path.join(options.stateDir, 'start'));
  if (!release) return undefined;
  try {
    const running = await dial(socketPath(options.stateDir));
    if (running) return running;
    await untilGone(options.stateDir, readState(options.stateDir));
    await options.beforeStart();
    options.onProgress('starting an embedded Temporal server');
    return await launch(options, executable);
  } finally {
    await release();
  }
}

/** Two servers on one database file would spoil it: the last one must be gone. */
async function untilGone(stateDir: string, last: ServerState | undefined): Promise<void> {
  if (!last) return;
  const { supervisorPid, serverPid } = last;
  for (const deadline = Date.now() + 8_000; Date.now() < deadline; await delay(50)) {
    const alive = await Promise.all([supervisorPid, serverPid].map((pid) => runsFor(stateDir, pid)));
    if (!alive.includes(true)) return;
  }
  throw new Error(
    `an earlier server does not end (process ${serverPid}, supervised by ${supervisorPid}): end it`,
  );
}

async function launch(
  { stateDir, searchAttributes, ports, onUnderway }: StartSupervisorOptions,
  executable: string,
): Promise<Socket> {
  const socket = socketPath(stateDir);
  await rm(socket, { force: true });
  const { port, uiPort } = ports;
  const told = [stateDir, socket, executable, JSON.stringify({ port, uiPort }), ...searchAttributes];
  const child = spawn(process.execPath, [programPath('temporal/embedded/supervisor'), ...told], {
    cwd: '/',
    detached: true,
    env: plainEnvironment(),
    stdio: 'ignore',
  });
  child.unref();
  onUnderway(true);
  let failure: Error | undefined;
  child.once('error', (error) => (failure = error));
  for (const deadline = Date.now() + supervisorStartMs; Date.now() < deadline && !failure; await delay(15)) {
    const connected = await dial(socket);
    if (connected) return connected;
    if (child.exitCode !== null) failure = new Error(`the supervisor ended with code ${child.exitCode}`);
  }
  throw failure ?? new Error(`the supervisor does not answer at ${socket}`);
}
