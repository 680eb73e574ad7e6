import type { ConnectionOptions } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { NativeConnectionOptions } from '@temporalio/worker';
import { HoldfastError, messageOf } from '../domain/errors.js';
import { isSupervised } from './embedded/dial.js';
import { connectEmbedded, type EmbeddedOptions } from './embedded/embedded.js';
import { probePort } from './probe-port.js';

/** Where Temporal listens when nobody says otherwise. */
const defaultPort = 7233;

/** How long whoever listens at the default address may take to take a connection. */
const probeMs = 500;

/** A Temporal server to work with. Spoken to it is by `findTemporal`. */
export interface TemporalLocation {
  address: string;
  namespace: string;
  options: NativeConnectionOptions & ConnectionOptions;
  /** How it was found. */
  source: 'configured' | 'default address' | 'embedded';
  /** Address of the Web UI, where it is known. */
  uiAddress: string | undefined;
  /** Lets go of it. */
  release(): Promise<void>;
}

export interface LocateOptions {
  /** From holdfast.yaml or the environment. */
  address: string | undefined;
  namespace: string | undefined;
  env: Record<string, string | undefined>;
  /** Folder of the embedded server's database. */
  stateDir: string;
  onProgress: (message: string) => void;
  /** Only a server that outlasts the command will do: none is started. @defaultValue false */
  lasting?: boolean;
  /** Told once there is nothing left but to wait for an embedded server, and whether it was started here and now. */
  onUnderway?: (startedHere: boolean) => void;
  /** How the embedded server is started and held. */
  embedded?: Pick<EmbeddedOptions, 'ports' | 'beforeStart' | 'onNews' | 'endsServer'>;
}

/**
 * Finds Temporal: the configured server; else the embedded one of this repository, where it runs; else one at the
 * default address; else an embedded one, started. Needs neither Temporal's client nor its worker, which take a second
 * to load: that can go on while the server starts.
 *
 * @throws HoldfastError `TemporalUnreachable`
 */
export async function locateTemporal(options: LocateOptions): Promise<TemporalLocation> {
  const running = await locateRunning(options);
  if (running) return running;
  if (options.lasting === true)
    throw nothingLasting('no server is configured, and none is at the default address');
  return locateEmbedded(options);
}

/** As {@link locateTemporal}, but starts none. */
export async function locateRunning(options: LocateOptions): Promise<TemporalLocation | undefined> {
  const configured = locateConfigured(options);
  if (configured) return configured;
  // One that somebody else runs at the default address may have come after what was begun here.
  if (await isSupervised(options.stateDir)) return locateEmbedded(options);
  if (await probePort('127.0.0.1', defaultPort, probeMs)) return undefined;
  const profile = readProfile(options);
  const elsewhere = { ...profile, uiAddress: undefined, release: () => Promise.resolve() };
  const atDefault = `127.0.0.1:${defaultPort}`;
  return {
    ...elsewhere,
    address: atDefault,
    options: { ...profile.options, address: atDefault },
    source: 'default address',
  };
}

/** The server that the settings name. */
export function locateConfigured(options: LocateOptions): TemporalLocation | undefined {
  const { address, ...profile } = readProfile(options);
  if (!address) return undefined;
  const release = () => Promise.resolve();
  return { ...profile, address, source: 'configured', uiAddress: undefined, release };
}

/** Whether the settings, or Temporal's own, name a server: none is started then. */
export function isServerConfigured(options: LocateOptions): boolean {
  return readProfile(options).address !== undefined;
}

/** The embedded server, started if need be. @throws HoldfastError `TemporalUnreachable` */
export async function locateEmbedded({
  stateDir,
  onProgress,
  onUnderway,
  embedded,
}: LocateOptions): Promise<TemporalLocation> {
  const { address, uiAddress, close } = await connectEmbedded({
    ...{ stateDir, onProgress, ...embedded },
    ...(onUnderway && { onUnderway }),
  });
  return {
    address,
    namespace: 'default',
    options: { address },
    source: 'embedded',
    uiAddress,
    release: close,
  };
}

/** What schedules need is not there. */
export function nothingLasting(cause: string): HoldfastError {
  return new HoldfastError('TemporalUnreachable', {
    attempted: 'find the Temporal server that is to keep schedules',
    cause: `${cause} (127.0.0.1:${defaultPort})`,
    remedy: 'run `holdfast up` on this machine, or set TEMPORAL_ADDRESS to your Temporal cluster',
  });
}

/** Temporal's own settings (`TEMPORAL_*`, temporal.toml) as its tools read them, under those of Holdfast. */
function readProfile({ address, namespace, env }: LocateOptions) {
  const defined = Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const profile = loadProfile(defined);
  const chosen = address ?? profile.connectionOptions.address;
  return {
    address: chosen,
    namespace: namespace ?? profile.namespace ?? 'default',
    options: {
      ...profile.connectionOptions,
      ...(chosen && { address: chosen }),
    } as TemporalLocation['options'],
  };
}

/** Its own errors name neither the setting nor what it is for. */
function loadProfile(env: Record<string, string>) {
  try {
    return loadClientConnectConfig({ overrideEnvVars: env });
  } catch (error) {
    throw new HoldfastError('ConfigurationInvalid', {
      attempted: 'read the settings of the connection to Temporal',
      cause: messageOf(error),
      remedy: 'check TEMPORAL_TLS_*, TEMPORAL_CONFIG_FILE and TEMPORAL_PROFILE, and the files they name',
    });
  }
}
