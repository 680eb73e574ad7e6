import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { dial, greet, hangUp, sayGoodbye } from './dial.js';
import { type StartSupervisorOptions, startSupervisor } from './start-supervisor.js';
import { type ServerNews, socketPath, type Welcome } from './state.js';

/** One command's hold on the server of a state directory. */
export interface Membership {
  port: number;
  uiPort: number;
  first: boolean;
  leave(): Promise<void>;
}

export interface JoinOptions extends StartSupervisorOptions {
  /** What becomes of the server while it is held. */
  onNews: (news: ServerNews) => void;
  /** To leave is to end the server, unless others need it; otherwise it stays a moment for the next command. */
  endsServer: boolean;
}

/** Connects to the supervisor of a state directory; starts one when there is none; comes back when it dies. */
export async function joinSupervisor(options: JoinOptions): Promise<Membership> {
  const joined = await join(options, false);
  let { socket } = joined;
  let hasLeft = false;
  const comeBack = async () => {
    if (hasLeft) return;
    options.onNews({ news: 'ended' });
    try {
      ({ socket } = await join(options, true));
    } catch (error) {
      // A command that tells nobody learns from its own calls that Temporal is gone.
      if (!hasLeft) options.onNews({ news: 'given up', cause: String(error) });
      return;
    }
    if (hasLeft) return void socket.destroy();
    options.onNews({ news: 'back' });
    hold(socket, comeBack);
  };
  hold(socket, comeBack);
  const leave = async () => {
    hasLeft = true;
    await (options.endsServer ? sayGoodbye(socket) : hangUp(socket));
  };
  return { port: joined.port, uiPort: joined.uiPort, first: joined.first, leave };
}

/** The connection by itself keeps no command from ending. */
function hold(socket: Socket, onLost: () => Promise<void>): void {
  socket.unref();
  socket.once('close', () => void onLost());
}

type Joined = { socket: Socket } & Exclude<Welcome, { error: string }>;

async function join(options: JoinOptions, again: boolean): Promise<Joined> {
  for (;;) {
    const running = await dial(socketPath(options.stateDir));
    if (running) options.onUnderway(false);
    const socket = running ?? (await startSupervisor(options));
    const welcome = socket && (await greet(socket, { again }, options.onNews));
    if (welcome && 'error' in welcome) throw new Error(`Temporal's server does not start: ${welcome.error}`);
    if (socket && welcome) return { socket, ...welcome };
    // Another command starts it just now, or it was about to end when we came.
    await delay(30);
  }
}
