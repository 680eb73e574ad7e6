import type { Socket } from 'node:net';

/** Hands over what comes through a socket line by line, each read as JSON: two may come together, one in two parts. */
export function onLines(socket: Socket, take: (message: unknown) => void): void {
  let rest = '';
  socket.setEncoding('utf8');
  socket.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(JSON.parse(line));
  });
}

/** Sends one such line, where anybody still listens. */
export function sayLine(socket: Socket, message: object): void {
  if (!socket.destroyed && socket.writable) socket.write(`${JSON.stringify(message)}\n`);
}
