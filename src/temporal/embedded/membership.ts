import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { programPath } from '../../package-root.js';
import { tryLock } from './cache.js';
import { readState, runsFor, type ServerState, socketPath, type Welcome } from './state.js';

/** One command's hold on the server of a state directory. */
export interface Membership {
  port: number;
  uiPort: number;
  first: boolean;
  leave(): Promise<void>;
}

export interface JoinOptions {
  /** Its real path. */
  stateDir: string;
  /** Gives the path of `temporal`; called only when a server must be started. */
  obtainExecutable: () => Promise<string>;
  searchAttributes: readonly string[];
  onProgress: (message: string) => void;
  /** Told once a supervisor runs, before it answers, and whether it was started here and now. */
  onUnderway: (startedHere: boolean) => void;
}

/** How long a supervisor may take until it answers at its socket. */
const supervisorStartMs = 15_000;

/** Connects to the supervisor of a state directory; starts one when there is none; comes back when it dies. */
export async function joinSupervisor(options: JoinOptions): Promise<Membership> {
  const joined = await join(options, false);
  let { socket } = joined;
  let hasLeft = false;
  const comeBack = async () => {
    if (hasLeft) return;
    const next = await join(options, true).catch(() => undefined);
    // Without a supervisor the command learns from its own calls that Temporal is gone.
    if (!next) return;
    socket = next.socket;
    if (hasLeft) socket.destroy();
    else hold(socket, comeBack);
  };
  hold(socket, comeBack);
  const leave = async () => {
    hasLeft = true;
    await hangUp(socket);
  };
  return { port: joined.port, uiPort: joined.uiPort, first: joined.first, leave };
}

/** The connection by itself keeps no command from ending. */
function hold(socket: Socket, onLost: () => Promise<void>): void {
  socket.unref();
  socket.once('close', () => void onLost());
}

/** Until the supervisor has seen it, so that whoever comes next does not find us there. */
async function hangUp(socket: Socket): Promise<void> {
  if (socket.destroyed) return;
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.ref().end();
  await Promise.race([closed, delay(1_000, undefined, { ref: false })]);
  socket.destroy();
}

type Joined = { socket: Socket } & Exclude<Welcome, { error: string }>;

async function join(options: JoinOptions, again: boolean): Promise<Joined> {
  for (;;) {
    const running = await dial(socketPath(options.stateDir));
    if (running) options.onUnderway(false);
    const socket = running ?? (await startSupervisor(options));
    const welcome = socket && (await greet(socket, again));
    if (welcome && 'error' in welcome) throw new Error(`Temporal's server does not start: ${welcome.error}`);
    if (socket && welcome) return { socket, ...welcome };
    // Another command starts it just now, or it was about to end when we came.
    await delay(30);
  }
}

/** Undefined when nobody listens there. */
async function dial(socketFile: string): Promise<Socket | undefined> {
  return await new Promise((resolve) => {
    const socket = connect(socketFile);
    socket.once('connect', () => resolve(socket.removeAllListeners().on('error', () => {})));
    socket.once('error', () => resolve(undefined));
  });
}

/** Undefined when the supervisor hung up instead of answering. */
async function greet(socket: Socket, again: boolean): Promise<Welcome | undefined> {
  return await new Promise((resolve) => {
    socket.once('data', (line) => resolve(JSON.parse(line.toString()) as Welcome));
    socket.once('close', () => resolve(undefined));
    socket.write(JSON.stringify({ again }));
  });
}

/** A connection to a fresh supervisor; undefined while another command is about to start one. */
async function startSupervisor(options: JoinOptions): Promise<Socket | undefined> {
  const executable = await options.obtainExecutable();
  const release = await tryLock(path.join(options.stateDir, 'start'));
  if (!release) return undefined;
  try {
    const running = await dial(socketPath(options.stateDir));
    if (running) return running;
    await untilGone(options.stateDir, readState(options.stateDir));
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
  { stateDir, searchAttributes, onUnderway }: JoinOptions,
  executable: string,
): Promise<Socket> {
  const socket = socketPath(stateDir);
  await rm(socket, { force: true });
  const { PATH, HOME, TMPDIR, TZ } = process.env;
  const env = Object.fromEntries(
    Object.entries({ PATH, HOME, TMPDIR, TZ }).filter(([, value]) => value !== undefined),
  );
  const child = spawn(
    process.execPath,
    [programPath('temporal/embedded/supervisor'), stateDir, socket, executable, ...searchAttributes],
    {
      cwd: '/',
      detached: true,
      env,
      stdio: 'ignore',
    },
  );
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
