import { readFile } from 'node:fs/promises';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import type { TemporalServer } from './temporal.js';

const grpcStatus = { permissionDenied: 7, unauthenticated: 16 };

/** A way to a Temporal server as Temporal Cloud's: TLS, client certificates, an API key, and nothing for operators. */
export interface GuardedTemporal extends AsyncDisposable {
  /** What a command needs to get through: address, certificates, API key. */
  readonly env: Record<string, string>;
  /** Calls that came through, by method. */
  readonly calls: Map<string, number>;
}

/** Paths of PEM files. */
interface Certificate {
  cert: string;
  key: string;
  authority: string;
}

/** Guards `server`; certificates are made in `folder`. */
export async function guardTemporal(
  server: TemporalServer,
  folder: string,
  { apiKey, namespace }: { apiKey: string; namespace: string },
): Promise<GuardedTemporal> {
  const front = await certificate(folder, 'front');
  const client = await certificate(folder, 'client');
  const onward = http2.connect(`http://${server.address}`);
  const calls = new Map<string, number>();
  const guard = http2.createSecureServer({
    key: await readFile(front.key),
    cert: await readFile(front.cert),
    ca: [await readFile(client.authority)],
    requestCert: true,
    rejectUnauthorized: true,
  });
  const sessions = new Set<http2.ServerHttp2Session>();
  guard.on('session', (session) => sessions.add(session).size);
  guard.on('stream', (stream, headers) => {
    const path = headers[':path'] ?? '';
    const refuse = (status: number, message: string) =>
      stream.respond(
        { 'content-type': 'application/grpc', 'grpc-status': `${status}`, 'grpc-message': message },
        { endStream: true },
      );
    if (headers.authorization !== `Bearer ${apiKey}`)
      return refuse(grpcStatus.unauthenticated, 'no such API key');
    if (path.includes('operatorservice'))
      return refuse(grpcStatus.permissionDenied, 'not for users of a namespace');
    calls.set(path, (calls.get(path) ?? 0) + 1);
    pass(stream, onward.request(headers));
  });
  await new Promise<void>((resolve) => guard.listen(0, '127.0.0.1', resolve));
  const { port } = guard.address() as AddressInfo;
  return {
    calls,
    env: {
      TEMPORAL_ADDRESS: `localhost:${port}`,
      TEMPORAL_NAMESPACE: namespace,
      TEMPORAL_API_KEY: apiKey,
      TEMPORAL_TLS_CLIENT_CERT_PATH: client.cert,
      TEMPORAL_TLS_CLIENT_KEY_PATH: client.key,
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: front.authority,
    },
    async [Symbol.asyncDispose]() {
      onward.destroy();
      for (const session of sessions) session.destroy();
      await new Promise((resolve) => guard.close(resolve));
    },
  };
}

/** Passes a call on, and its answer back, with the trailers in which gRPC tells how it ended. */
function pass(stream: http2.ServerHttp2Stream, onward: http2.ClientHttp2Stream): void {
  let trailers: http2.IncomingHttpHeaders = {};
  onward.on('trailers', (sent) => {
    trailers = sent;
  });
  onward.on('response', (headers, flags) => {
    if (stream.destroyed) return;
    const endStream = (flags & http2.constants.NGHTTP2_FLAG_END_STREAM) !== 0;
    stream.respond(headers, endStream ? { endStream } : { waitForTrailers: true });
    if (!endStream) onward.pipe(stream);
  });
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  stream.on('close', () => onward.destroy());
  for (const side of [stream, onward]) side.on('error', () => {});
  stream.pipe(onward);
}

/** A certificate of `localhost`, signed by an authority of its own. */
async function certificate(folder: string, name: string): Promise<Certificate> {
  const path = (file: string) => join(folder, `${name}${file}`);
  const made = { cert: path('.crt'), key: path('.key'), authority: path('-ca.crt') };
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const authority = ['-subj', `/CN=${name} authority`, '-keyout', path('-ca.key'), '-out', made.authority];
  await execa('openssl', ['req', ...kind, ...authority]);
  const signed = ['-CA', made.authority, '-CAkey', path('-ca.key'), '-keyout', made.key, '-out', made.cert];
  const extensions = ['subjectAltName=DNS:localhost', 'basicConstraints=critical,CA:FALSE'];
  const subject = ['-subj', `/CN=${name}`, ...extensions.flatMap((line) => ['-addext', line])];
  await execa('openssl', ['req', ...kind, ...subject, ...signed]);
  return made;
}
