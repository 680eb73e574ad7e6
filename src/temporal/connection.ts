import { Client, type Client as ClientType, Connection, type ConnectionOptions } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection, type NativeConnectionOptions } from '@temporalio/worker';
import { HoldfastError } from '../domain/errors.js';
import { connectEmbedded } from './embedded/embedded.js';

/** Where Temporal listens when nobody says otherwise. */
const defaultAddress = '127.0.0.1:7233';

/** A Temporal server that answers, and the namespace to work in. */
export interface TemporalPlace {
  client: ClientType;
  connection: Connection;
  namespace: string;
  address: string;
  /** How it was found. */
  source: 'configured' | 'default address' | 'embedded';
  /** Address of the Web UI, where it is known. */
  uiAddress: string | undefined;
  /** A second connection of the kind that workers need. */
  connectWorker(): Promise<NativeConnection>;
  close(): Promise<void>;
}

export interface FindTemporalOptions {
  /** From holdfast.yaml or the environment. */
  address: string | undefined;
  namespace: string | undefined;
  env: Record<string, string | undefined>;
  /** Folder of the embedded server's database. */
  stateDir: string;
  /** Never start an embedded server. */
  existingOnly?: boolean;
  onProgress: (message: string) => void;
}

/**
 * Finds Temporal: the configured server; else one at the default address; else an embedded one, started.
 *
 * @throws HoldfastError `TemporalUnreachable`
 */
export async function findTemporal(options: FindTemporalOptions): Promise<TemporalPlace> {
  const profile = readProfile(options);
  if (profile.address) {
    return place(await reach(profile.options), {
      ...profile,
      address: profile.address,
      source: 'configured',
    });
  }
  const atDefault = {
    ...profile,
    address: defaultAddress,
    options: { ...profile.options, address: defaultAddress },
  };
  const connection = await reach(atDefault.options, 500).catch(() => undefined);
  if (connection) return place(connection, { ...atDefault, source: 'default address' });
  if (options.existingOnly) throw unreachable(defaultAddress, 'nothing answers there');

  const embedded = await connectEmbedded({ stateDir: options.stateDir, onProgress: options.onProgress });
  const found = await place(await reach({ address: embedded.address }), {
    address: embedded.address,
    namespace: 'default',
    options: { address: embedded.address },
    source: 'embedded',
  });
  const close = async () => {
    await found.close();
    await embedded.close();
  };
  return { ...found, uiAddress: embedded.uiAddress, close };
}

interface Profile {
  address?: string;
  namespace: string;
  options: NativeConnectionOptions & ConnectionOptions;
  source?: TemporalPlace['source'];
}

/** Temporal's own settings (`TEMPORAL_*`, temporal.toml) as its tools read them, under those of Holdfast. */
function readProfile({ address, namespace, env }: FindTemporalOptions): Profile {
  const defined = Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const profile = loadClientConnectConfig({ overrideEnvVars: defined });
  const chosen = address ?? profile.connectionOptions.address;
  const options = { ...profile.connectionOptions, ...(chosen && { address: chosen }) };
  return {
    ...(chosen && { address: chosen }),
    namespace: namespace ?? profile.namespace ?? 'default',
    options: options as Profile['options'],
  };
}

async function reach(options: ConnectionOptions, timeoutMs = 5_000): Promise<Connection> {
  const connection = Connection.lazy({ ...options, connectTimeout: timeoutMs });
  try {
    await connection.withDeadline(Date.now() + timeoutMs, () => connection.workflowService.getSystemInfo({}));
    return connection;
  } catch (error) {
    await connection.close();
    throw unreachable(
      options.address ?? defaultAddress,
      error instanceof Error ? error.message : String(error),
    );
  }
}

function unreachable(address: string, cause: string): HoldfastError {
  return new HoldfastError('TemporalUnreachable', {
    attempted: `connect to Temporal at ${address}`,
    cause,
    remedy: 'check TEMPORAL_ADDRESS and that the server runs, or unset it and let Holdfast start its own',
  });
}

function place(
  connection: Connection,
  found: Profile & { address: string; source: TemporalPlace['source'] },
): TemporalPlace {
  return {
    client: new Client({ connection, namespace: found.namespace }),
    connection,
    namespace: found.namespace,
    address: found.address,
    source: found.source,
    uiAddress: undefined,
    connectWorker: () => NativeConnection.connect(found.options),
    close: () => connection.close(),
  };
}
