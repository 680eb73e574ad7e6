import { createServer, type Server, type Socket } from 'node:net';
import { BoundedLog } from './bounded-log.js';
import { onLines, sayLine } from './lines.js';
import { freePort } from './ports.js';
import { type ServerProcess, startServer, untilListening } from './server-process.js';
import {
  type Goodbye,
  type Hello,
  readState,
  type ServerNews,
  stateFiles,
  type WantedPorts,
  type Welcome,
  writeState,
} from './state.js';

/** How long the server stays after its last client, so that one command after another need not start it anew. */
const lingerMs = 1_000;

/** How long a fresh supervisor waits for its first client. */
const firstClientMs = 10_000;

/** How long the server may take until it listens. */
const startMs = 30_000;

/** A server that does not start, or ends by itself, this often within {@link startMs} is given up. */
const maxAttempts = 5;

/**
 * The process that runs one state directory's Temporal server for as long as any command is connected to its
 * socket, and starts it again when it dies. Imports nothing but Node's own modules, so that it is up at once.
 */
class Supervisor {
  readonly #clients = new Set<Socket>();
  /** Those of the clients that were told where the server is, by this supervisor or the one before. */
  readonly #atWork = new Set<Socket>();
  readonly #log: BoundedLog;
  readonly #listener: Server;
  #server: ServerProcess | undefined;
  #ports = { port: 0, uiPort: 0 };
  #started: Promise<unknown> | undefined;
  #expiry: NodeJS.Timeout | undefined;
  #isEnding = false;
  /** When the server was started lately, in milliseconds since 1970. */
  #starts: number[] = [];

  constructor(
    private readonly stateDir: string,
    private readonly socket: string,
    private readonly executable: string,
    private readonly searchAttributes: string[],
    private readonly wanted: WantedPorts,
  ) {
    this.#log = new BoundedLog(stateFiles(stateDir).log);
    this.#listener = createServer((client) => this.accept(client));
  }

  run(): void {
    process.on('SIGTERM', () => void this.end());
    for (const signal of ['SIGINT', 'SIGHUP', 'SIGPIPE'] as const) process.on(signal, () => {});
    this.#listener.listen(this.socket);
    this.#started = this.start();
    this.endAfter(firstClientMs);
  }

  private accept(client: Socket): void {
    clearTimeout(this.#expiry);
    this.#clients.add(client);
    // Its end comes at once, its close only after connections that came later.
    for (const event of ['end', 'close']) client.on(event, () => this.forget(client));
    client.on('error', () => {});
    onLines(client, (message) => {
      const said = message as Hello | Goodbye;
      if ('bye' in said) return this.takeLeave(client);
      if (said.again) this.#atWork.add(client);
      void this.welcome(client);
    });
  }

  /** Who says goodbye need not wait for the next command, which may never come. */
  private takeLeave(client: Socket): void {
    if (this.#clients.size === 1) return void this.end();
    say(client, { news: 'stays' });
    client.end();
  }

  /** First is who finds nobody at work, also nobody who had been before the last supervisor died. */
  private async welcome(client: Socket): Promise<void> {
    await this.#started;
    if (this.#isEnding || !this.#clients.has(client)) return;
    const first = this.#atWork.size === 0;
    this.#atWork.add(client);
    say(client, { ...this.#ports, first });
  }

  private forget(client: Socket): void {
    this.#atWork.delete(client);
    if (this.#clients.delete(client) && this.#clients.size === 0) this.endAfter(lingerMs);
  }

  private endAfter(milliseconds: number): void {
    clearTimeout(this.#expiry);
    this.#expiry = setTimeout(() => void this.end(), milliseconds);
  }

  /** Starts the server on the ports asked for, else those it had last, where they are free, and again when it dies. */
  private async start(): Promise<void> {
    const last = readState(this.stateDir);
    while (this.mayStart()) {
      const port = await freePort(this.#ports.port, this.wanted.port, last?.port);
      const uiPort = await freePort(this.#ports.uiPort, this.wanted.uiPort, last?.uiPort, 8233);
      if (this.#isEnding) return;
      const server = this.launch(port, uiPort);
      if (await untilListening(server, port, startMs)) {
        this.#ports = { port, uiPort };
        void server.ended.then(() => this.revive());
        return;
      }
      await server.stop();
    }
    await this.giveUp();
  }

  private mayStart(): boolean {
    const now = Date.now();
    this.#starts = [...this.#starts.filter((start) => now - start < startMs), now];
    return !this.#isEnding && this.#starts.length <= maxAttempts;
  }

  private launch(port: number, uiPort: number): ServerProcess {
    const { executable, searchAttributes } = this;
    const { database } = stateFiles(this.stateDir);
    const server = startServer({ executable, database, port, uiPort, searchAttributes }, this.#log);
    this.#server = server;
    writeState(this.stateDir, { supervisorPid: process.pid, serverPid: server.pid, port, uiPort });
    return server;
  }

  private revive(): void {
    if (this.#isEnding) return;
    this.#log.write(
      `holdfast: the server ended by itself at ${new Date().toISOString()}, starting it again\n`,
    );
    this.tell({ news: 'ended' });
    this.#started = this.start().then(() => this.#isEnding || this.tell({ news: 'back' }));
  }

  private tell(news: ServerNews): void {
    for (const client of this.#atWork) say(client, news);
  }

  private async giveUp(): Promise<void> {
    if (this.#isEnding) return;
    const error = this.#server?.lastOutput().split('\n').at(-1) || 'it ended without a word';
    this.tell({ news: 'given up', cause: error });
    for (const client of this.#clients) if (!this.#atWork.has(client)) say(client, { error });
    await this.end();
  }

  /** No client is let in any more before the server goes, so that none is given the address of a dying one. */
  private async end(): Promise<void> {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#listener.close();
    await this.#server?.stop();
    for (const client of this.#clients) client.end();
    // Time for the last words to leave.
    setTimeout(() => process.exit(0), 50);
  }
}

const say = (client: Socket, message: Welcome | ServerNews) => sayLine(client, message);

process.umask(0o077);
const [, , stateDir = '', socket = '', executable = '', ports = '{}', ...searchAttributes] = process.argv;
new Supervisor(stateDir, socket, executable, searchAttributes, JSON.parse(ports) as WantedPorts).run();
