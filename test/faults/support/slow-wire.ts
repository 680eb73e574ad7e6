import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Transform } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

/** A TCP line to a server, as slow as a test wants it: by it a small dump lasts long enough to be hit. */
export interface SlowWire extends AsyncDisposable {
  readonly port: number;
  /** What each connection may bring back; `Infinity`: as it comes. It holds from the next chunk on. */
  bytesPerSecond: number;
  /** What each connection may send there, in the same way. */
  sentBytesPerSecond: number;
  /** Cuts the first connection that brings back, or sends, more than so many bytes; later ones are left alone. */
  cutAfter: { backBytes?: number; sentBytes?: number };
  /** Brings nothing more over the connections there are, and doesn't hang up either; new ones are as ever. */
  stall(): void;
  /** Refuses connections from now on, and cuts those there are. */
  cut(): Promise<void>;
  /** Takes connections again, at the same port. */
  mend(): Promise<void>;
}

/** Lays a wire to a port of this machine. */
export async function startSlowWire(target: number): Promise<SlowWire> {
  const sockets = new Set<Socket>();
  const stalled = new WeakSet<Socket>();
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1');
    const passes = (way: 'backBytes' | 'sentBytes') => {
      let passed = 0;
      return async (bytes: number) => {
        passed += bytes;
        if (passed > (wire.cutAfter[way] ?? Infinity)) {
          delete wire.cutAfter[way];
          for (const socket of [near, far]) socket.destroy();
        }
        while (stalled.has(near) && !near.destroyed) await delay(50);
        return !near.destroyed;
      };
    };
    const slow = throttle(() => wire.bytesPerSecond, passes('backBytes'));
    near
      .pipe(throttle(() => wire.sentBytesPerSecond, passes('sentBytes')))
      .pipe(far)
      .pipe(slow)
      .pipe(near);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        // What was sent before one end hung up still arrives at the other.
        if (socket === far) slow.end();
        else far.destroy();
      });
    }
  });
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const cut = async () => {
    const closed = server.listening ? once(server, 'close') : Promise.resolve();
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  const port = await listen(0);
  const mend = async () => void (await listen(port));
  const unhurried = { bytesPerSecond: Infinity, sentBytesPerSecond: Infinity };
  const stall = () => {
    for (const socket of sockets) stalled.add(socket);
  };
  const wire: SlowWire = { port, ...unhurried, cutAfter: {}, stall, cut, mend, [Symbol.asyncDispose]: cut };
  return wire;
}

/** Small portions, so that a change of speed is felt at once. */
const portionBytes = 16 * 1024;

function throttle(bytesPerSecond: () => number, passes: (bytes: number) => Promise<boolean>): Transform {
  return new Transform({
    readableHighWaterMark: portionBytes,
    async transform(chunk: Buffer, _, done) {
      for (let at = 0; at < chunk.length; at += portionBytes) {
        const portion = chunk.subarray(at, at + portionBytes);
        if (bytesPerSecond() !== Infinity) await delay((1000 * portion.length) / bytesPerSecond());
        if (await passes(portion.length)) this.push(portion);
      }
      done();
    },
  });
}
