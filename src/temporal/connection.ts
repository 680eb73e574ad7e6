import { Client, type Client as ClientType, Connection, type ConnectionOptions } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import { HoldfastError, messageOf } from '../domain/errors.js';
import {
  type LocateOptions,
  locateEmbedded,
  locateRunning,
  locateTemporal,
  nothingLasting,
  type TemporalLocation,
} from './locate.js';
import { probePort } from './probe-port.js';

/** A Temporal server that answers, and the namespace to work in. */
export interface TemporalPlace extends Omit<TemporalLocation, 'options' | 'release'> {
  client: ClientType;
  connection: Connection;
  /** A second connection of the kind that workers need. */
  connectWorker(): Promise<NativeConnection>;
  close(): Promise<void>;
}

export interface FindTemporalOptions extends LocateOptions {
  /** A search that was begun before. @defaultValue one that begins now */
  begun?: BegunSearch;
}

/** A search for Temporal that goes on by itself. */
export interface BegunSearch {
  location: Promise<TemporalLocation>;
  /** Whether it started an embedded server, on which nobody else can be at work yet. */
  startedServer: boolean;
}

/** Enough for a server of this machine. What listens at the default address need not be Temporal at all. */
const defaultAddressMs = 500;

/**
 * Connects to the Temporal server of the settings, else of the default address, else an embedded one.
 *
 * @throws HoldfastError `TemporalUnreachable`, also where only an embedded one could be had and a lasting one is asked for
 */
export async function findTemporal(options: FindTemporalOptions): Promise<TemporalPlace> {
  const location = await (options.begun?.location ?? locateTemporal(options));
  if (location.source !== 'default address') return connectTo(location);
  return connectTo(location, defaultAddressMs).catch(async () => {
    if (options.lasting === true) throw nothingLasting('what listens at the default address is no Temporal');
    return connectTo(await locateEmbedded(options));
  });
}

/**
 * {@link findTemporal} without starting a server; undefined where none runs.
 *
 * @throws HoldfastError `TemporalUnreachable`
 */
export async function findRunningTemporal(options: LocateOptions): Promise<TemporalPlace | undefined> {
  const location = await locateRunning(options);
  if (location?.source !== 'default address') return location && connectTo(location);
  // What listens at the default address need not be Temporal.
  return connectTo(location, defaultAddressMs).catch(() => undefined);
}

async function connectTo(location: TemporalLocation, timeoutMs?: number): Promise<TemporalPlace> {
  const { options, release, ...known } = location;
  const connection = await reach(options, timeoutMs).catch(async (error) => {
    await release();
    throw error;
  });
  return {
    ...known,
    client: new Client({ connection, namespace: location.namespace }),
    connection,
    connectWorker: async () => {
      const { NativeConnection } = await import('@temporalio/worker');
      return NativeConnection.connect(options).catch((error) => {
        throw unreachable(options.address, error);
      });
    },
    close: async () => {
      await connection.close();
      await release();
    },
  };
}

async function reach(options: ConnectionOptions, timeoutMs = 5_000): Promise<Connection> {
  const connection = Connection.lazy({ ...options, connectTimeout: timeoutMs });
  try {
    await connection.withDeadline(Date.now() + timeoutMs, () => connection.workflowService.getSystemInfo({}));
    return connection;
  } catch (error) {
    await connection.close();
    throw unreachable(options.address, (await connectionFailure(options.address)) ?? error);
  }
}

/** Of a port where nobody listens, and of a name that nobody knows, gRPC only says that time was over. */
async function connectionFailure(address = ''): Promise<Error | undefined> {
  const [, host, port] = /^\[?(.+?)\]?:(\d+)$/.exec(address) ?? [];
  return host === undefined ? undefined : probePort(host, Number(port), 1_000);
}

function unreachable(address: string | undefined, error: unknown): HoldfastError {
  const remedy =
    'check TEMPORAL_ADDRESS, TEMPORAL_TLS_* and TEMPORAL_API_KEY, and that the server runs; or unset them and let ' +
    'Holdfast start its own';
  const cause = messageOf(error);
  return new HoldfastError('TemporalUnreachable', {
    ...{ attempted: `connect to Temporal at ${address}`, cause, remedy },
  });
}
