import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

export interface ReceivedMail {
  from: string;
  to: string[];
  user: unknown;
  isEncrypted: boolean;
  /** As it came, headers and body. */
  source: string;
}

type MailAnswer = 'take' | 'later' | 'refuse' | 'hang' | 'hang up';

/** A real mail server that keeps what it takes. */
export interface MailServer extends AsyncDisposable {
  port: number;
  taken: ReceivedMail[];
  /** What it does when a mail has come. @defaultValue `take` */
  answer: MailAnswer;
  /** Recipients that it does not know. */
  unknown: string[];
  /** How many sessions there were. */
  sessions: number;
}

export const mailUser = 'holdfast';
export const mailPassword = 'canary-mail-password';

/** Without options: plain, and nobody need log in. */
export async function startMailServer(options: SMTPServerOptions = {}, port = 0): Promise<MailServer> {
  const sockets = new Set<Socket>();
  const kept: MailServer = {
    ...{ port: 0, taken: [], answer: 'take', unknown: [], sessions: 0 },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  const server = new SMTPServer({
    ...{ authOptional: true, disabledCommands: options.key ? [] : ['STARTTLS'], logger: false },
    disableReverseLookup: true,
    onConnect(_, done) {
      kept.sessions += 1;
      done();
    },
    onAuth({ username, password }, _, done) {
      if (username === mailUser && password === mailPassword) done(null, { user: username });
      else done(answerOf(535, `no such user, or not with ${password}`));
    },
    onRcptTo({ address }, _, done) {
      done(kept.unknown.includes(address) ? answerOf(550, 'no such mailbox') : null);
    },
    onData(stream, { envelope, user, secure }, done) {
      let source = '';
      stream.setEncoding('utf8').on('data', (text: string) => {
        source += text;
      });
      stream.on('end', () => {
        if (kept.answer === 'hang') return;
        if (kept.answer === 'hang up') return sockets.forEach((socket) => void socket.destroy());
        if (kept.answer === 'later') return done(answerOf(451, 'try again later'));
        if (kept.answer === 'refuse') return done(answerOf(554, 'this is spam'));
        const from = envelope.mailFrom ? envelope.mailFrom.address : '';
        const to = envelope.rcptTo.map(({ address }) => address);
        kept.taken.push({ from, to, user, isEncrypted: secure, source });
        done();
      });
    },
    ...options,
  });
  // Clients that are gone in the middle of their greeting.
  server.on('error', () => undefined);
  server.server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(port, '127.0.0.1');
  await once(server.server, 'listening');
  kept.port = (server.server.address() as AddressInfo).port;
  return kept;
}

function answerOf(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode });
}

/** A header of a mail, unfolded; undefined where it has none. */
export function headerOf({ source }: ReceivedMail, name: string): string | undefined {
  const head = source.slice(0, source.indexOf('\r\n\r\n')).replace(/\r\n[ \t]+/g, ' ');
  return head
    .split('\r\n')
    .find((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}: `))
    ?.slice(name.length + 2);
}
