import { realpath } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { onLines, sayLine } from './lines.js';
import { type Hello, type ServerNews, socketPath, type Welcome } from './state.js';

/** How long an answer to a goodbye is waited for: the server may take five seconds to end. */
const goodbyeMs = 10_000;

/** A connection to whoever listens at a socket; undefined when nobody does. */
export async function dial(socketFile: string): Promise<Socket | undefined> {
  return await new Promise((resolve) => {
    const socket = connect(socketFile);
    socket.once('connect', () => resolve(socket.removeAllListeners().on('error', () => {})));
    socket.once('error', () => resolve(undefined));
  });
}

/** Whether a supervisor runs the server of a state directory. */
export async function isSupervised(stateDir: string): Promise<boolean> {
  const folder = await realpath(stateDir).catch(() => undefined);
  const socket = folder === undefined ? undefined : await dial(socketPath(folder));
  socket?.destroy();
  return socket !== undefined;
}

/** The supervisor's welcome; undefined when it hung up instead. What it says later goes to `onNews`. */
export async function greet(
  socket: Socket,
  hello: Hello,
  onNews: (news: ServerNews) => void,
): Promise<Welcome | undefined> {
  return await new Promise((resolve) => {
    let isWelcomed = false;
    onLines(socket, (message) => {
      if (isWelcomed) return onNews(message as ServerNews);
      isWelcomed = true;
      resolve(message as Welcome);
    });
    socket.once('close', () => resolve(undefined));
    sayLine(socket, hello);
  });
}

/** Until the supervisor has seen it, so that whoever comes next does not find us there. */
export async function hangUp(socket: Socket): Promise<void> {
  if (socket.destroyed) return;
  const closed = untilClosed(socket);
  socket.ref().end();
  await Promise.race([closed, delay(1_000, undefined, { ref: false })]);
  socket.destroy();
}

/** Has the server end now, unless others need it, and waits until it has. */
export async function sayGoodbye(socket: Socket): Promise<void> {
  if (socket.destroyed) return;
  const closed = untilClosed(socket);
  sayLine(socket.ref(), { bye: true });
  await Promise.race([closed, delay(goodbyeMs, undefined, { ref: false })]);
  socket.destroy();
}

async function untilClosed(socket: Socket): Promise<void> {
  await new Promise<void>((resolve) => socket.once('close', () => resolve()));
}
