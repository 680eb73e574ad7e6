import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  method: string | undefined;
  url: string | undefined;
  headers: IncomingHttpHeaders;
  body: string;
}

/** A real HTTP server that keeps what it was sent. */
export interface Receiver extends AsyncDisposable {
  url: string;
  /** The requests that were answered by `answer`, in order. */
  received: Received[];
  /** @defaultValue 204 */
  answer: (response: ServerResponse, request: Received) => void;
  /** Bodies that were answered with success, as JSON. */
  taken(): Record<string, unknown>[];
}

export async function startReceiver(): Promise<Receiver> {
  const taken: string[] = [];
  const receiver: Receiver = {
    url: '',
    received: [],
    answer: (response) => response.writeHead(204).end(),
    taken: () => taken.map((body) => JSON.parse(body) as Record<string, unknown>),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
  const server = createServer((incoming, response) => {
    let body = '';
    incoming.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    incoming.on('end', () => {
      const { method, url, headers } = incoming;
      const request = { method, url, headers, body };
      receiver.received.push(request);
      receiver.answer(response, request);
      if (response.statusCode < 300 && response.writableEnded && body !== '') taken.push(body);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return receiver;
}
