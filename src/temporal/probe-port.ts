import { once } from 'node:events';
import { connect } from 'node:net';

/** Why nobody takes a connection at a port: refused in no time, where Temporal's client waits and tries again. */
export async function probePort(host: string, port: number, timeoutMs: number): Promise<Error | undefined> {
  const socket = connect({ host, port, timeout: timeoutMs });
  const silent = once(socket, 'timeout').then(() => {
    throw new Error(`no answer from ${host}:${port} within ${timeoutMs / 1000} s`);
  });
  try {
    await Promise.race([once(socket, 'connect'), silent]);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    socket.destroy();
  }
}
