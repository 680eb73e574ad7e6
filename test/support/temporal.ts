import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import { searchAttributeNames } from '../../src/domain/contracts.js';
import { BoundedLog } from '../../src/temporal/embedded/bounded-log.js';
import { obtainTemporal } from '../../src/temporal/embedded/obtain.js';
import { untilReady } from '../../src/temporal/embedded/readiness.js';
import {
  type ServerProcess,
  startServer,
  untilListening,
} from '../../src/temporal/embedded/server-process.js';
import { lastingPort } from './lasting-port.js';

/** A throw-away Temporal server with its history in a file, so that it can be killed and started again. */
export interface TemporalServer extends AsyncDisposable {
  /** `127.0.0.1:port` */
  readonly address: string;
  readonly namespace: 'default';
  readonly uiAddress: string;
  readonly connection: Connection;
  readonly client: Client;
  /** Process id of the server. */
  readonly pid: number;
  /** `TEMPORAL_ADDRESS TEMPORAL_NAMESPACE`, for commands. */
  readonly env: Record<string, string>;
  /** A new connection of the kind that workers need; the caller closes it. */
  connectWorker(): Promise<NativeConnection>;
  /** Stops the server; {@link restart} starts it with all it knew. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill9(): Promise<void>;
  /** Starts it again on the same address; a running one is stopped before. */
  restart(): Promise<void>;
}

/** Starts a Temporal server of the test's own. Dispose of it to stop and remove it. */
export async function startTemporal(): Promise<TemporalServer> {
  const executable = await obtainTemporal({ onProgress: () => {} });
  const folder = await mkdtemp(join(tmpdir(), 'hf-temporal-'));
  const server = new RunningTemporal(executable, folder);
  try {
    await server.startAnywhere();
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

class RunningTemporal implements TemporalServer {
  readonly namespace = 'default';
  #ports = { port: 0, uiPort: 0 };
  #process: ServerProcess | undefined;
  #connection: Connection | undefined;

  constructor(
    private readonly executable: string,
    private readonly folder: string,
  ) {}

  get address(): string {
    return `127.0.0.1:${this.#ports.port}`;
  }

  get uiAddress(): string {
    return `http://127.0.0.1:${this.#ports.uiPort}`;
  }

  get env(): Record<string, string> {
    return { TEMPORAL_ADDRESS: this.address, TEMPORAL_NAMESPACE: this.namespace };
  }

  get connection(): Connection {
    this.#connection ??= Connection.lazy({ address: this.address });
    return this.#connection;
  }

  get client(): Client {
    return new Client({ connection: this.connection, namespace: this.namespace });
  }

  get pid(): number {
    if (!this.#process?.isRunning()) throw new Error('the Temporal server does not run');
    return this.#process.pid;
  }

  async connectWorker(): Promise<NativeConnection> {
    // Most tests leave workers to commands, and loading them takes a good part of a second.
    await import('./quiet-runtime.js');
    const { NativeConnection } = await import('@temporalio/worker');
    return NativeConnection.connect({ address: this.address });
  }

  async startAnywhere(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      this.#ports = { port: await lastingPort(), uiPort: await lastingPort() };
      try {
        return await this.start();
      } catch (error) {
        // Another test may have taken one of the ports since we looked.
        if (attempt === 5) throw error;
      }
    }
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  async stop(): Promise<void> {
    if (this.#process?.isRunning()) await this.#process.stop();
  }

  async kill9(): Promise<void> {
    process.kill(this.pid, 'SIGKILL');
    await this.#process?.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection?.close();
    // Told to stop, it takes more than a second, and nobody asks it for anything again.
    if (this.#process?.isRunning()) await this.kill9();
    await rm(this.folder, { recursive: true, force: true });
  }

  private async start(): Promise<void> {
    const database = join(this.folder, 'temporal.db');
    const server = startServer(
      { executable: this.executable, database, ...this.#ports, searchAttributes: searchAttributeNames },
      new BoundedLog(join(this.folder, 'temporal.log')),
    );
    this.#process = server;
    if (!(await untilListening(server, this.#ports.port, 30_000))) {
      await server.stop();
      throw new Error(`Temporal did not start: ${server.lastOutput()}`);
    }
    await untilReady(this.address);
  }
}
