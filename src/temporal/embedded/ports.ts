import { createServer } from 'node:net';

/** The first of `wanted` that is free on 127.0.0.1, else any free port. */
export async function freePort(...wanted: (number | undefined)[]): Promise<number> {
  for (const port of wanted) {
    if (port && (await tryPort(port))) return port;
  }
  const port = await tryPort(0);
  if (!port) throw new Error('no TCP port is free on 127.0.0.1');
  return port;
}

async function tryPort(port: number): Promise<number | undefined> {
  return await new Promise((resolve) => {
    const server = createServer().once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(address && typeof address === 'object' ? address.port : undefined));
    });
  });
}
