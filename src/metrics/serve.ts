import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HoldfastError, messageOf } from '../domain/errors.js';

export interface MetricsServer {
  /** `http://127.0.0.1:9464/metrics` */
  url: string;
  close(): Promise<void>;
}

/**
 * Answers GET /metrics at `address` with what `text` gives.
 *
 * @throws HoldfastError `ConfigurationInvalid` where nobody can listen there
 */
export async function serveMetrics(
  address: string,
  { contentType, text }: { contentType: string; text: () => Promise<string> },
): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://metrics');
    const refuse = (status: number, words: string) =>
      response.writeHead(status, { 'content-type': 'text/plain', allow: 'GET, HEAD' }).end(`${words}\n`);
    if (pathname !== '/metrics') return void refuse(404, 'metrics are at /metrics');
    if (request.method !== 'GET' && request.method !== 'HEAD') return void refuse(405, 'only GET');
    text().then(
      (body) => response.writeHead(200, { 'content-type': contentType }).end(body),
      (error: unknown) => refuse(500, messageOf(error)),
    );
  });
  const { host, port } = split(address);
  await listen(server, host, port, address);
  const bound = (server.address() as AddressInfo).port;
  return {
    url: `http://${address.slice(0, address.lastIndexOf(':'))}:${bound}/metrics`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function split(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  return {
    host: address.slice(0, colon).replace(/^\[(.*)\]$/, '$1'),
    port: Number(address.slice(colon + 1)),
  };
}

async function listen(server: Server, host: string, port: number, address: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve());
  }).catch((error: NodeJS.ErrnoException) => {
    const inUse = error.code === 'EADDRINUSE';
    throw new HoldfastError('ConfigurationInvalid', {
      attempted: `serve metrics at ${address}`,
      cause: inUse ? 'another program listens there (EADDRINUSE)' : error.message,
      remedy: inUse
        ? `give METRICS_ADDRESS another port, or see who listens: \`ss -ltnp sport = :${port}\``
        : 'set METRICS_ADDRESS to an address of this host and a port that this user may open',
    });
  });
}
