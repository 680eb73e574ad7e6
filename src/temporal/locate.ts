import { realpath } from 'node:fs/promises';
import type { ConnectionOptions } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { NativeConnectionOptions } from '@temporalio/worker';
import { HoldfastError } from '../domain/errors.js';
import { connectEmbedded } from './embedded/embedded.js';
import { readState, runsFor } from './embedded/state.js';
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
}

/**
 * Finds Temporal: the configured server; else one at the default address; else an embedded one, started. Needs
 * neither Temporal's client nor its worker, which take a second to load: that can go on while the server starts.
 *
 * @throws HoldfastError `TemporalUnreachable`
 */
export async function locateTemporal(options: LocateOptions): Promise<TemporalLocation> {
  const profile = readProfile(options);
  const elsewhere = { ...profile, uiAddress: undefined, release: () => Promise.resolve() };
  const { address } = profile;
  if (address) return { ...elsewhere, address, source: 'configured' };
  if (await probePort('127.0.0.1', defaultPort, probeMs)) {
    if (options.lasting === true)
      throw nothingLasting('no server is configured, and none is at the default address');
    return locateEmbedded(options);
  }
  const atDefault = `127.0.0.1:${defaultPort}`;
  return {
    ...elsewhere,
    address: atDefault,
    options: { ...profile.options, address: atDefault },
    source: 'default address',
  };
}

/** Whether the settings, or Temporal's own, name a server: none is started then. */
export function isServerConfigured(options: LocateOptions): boolean {
  return readProfile(options).address !== undefined;
}

/** {@link locateTemporal} without starting anything: undefined where it would have to. */
export async function locateRunning(options: LocateOptions): Promise<TemporalLocation | undefined> {
  const profile = readProfile(options);
  const isAtDefault = async () => !(await probePort('127.0.0.1', defaultPort, probeMs));
  if (profile.address || (await isAtDefault())) return locateTemporal(options);
  return locateRunningEmbedded(options);
}

/** The embedded server where one runs. It is not held: it may end at any time. */
export async function locateRunningEmbedded({
  stateDir,
}: LocateOptions): Promise<TemporalLocation | undefined> {
  const state = readState(stateDir);
  const folder = await realpath(stateDir).catch(() => stateDir);
  if (!state || !(await runsFor(folder, state.serverPid))) return undefined;
  const address = `127.0.0.1:${state.port}`;
  return {
    ...{ address, namespace: 'default', options: { address }, source: 'embedded' },
    uiAddress: `http://127.0.0.1:${state.uiPort}`,
    release: () => Promise.resolve(),
  };
}

/** The embedded server, started if need be. @throws HoldfastError `TemporalUnreachable` */
export async function locateEmbedded({
  stateDir,
  onProgress,
  onUnderway,
}: LocateOptions): Promise<TemporalLocation> {
  const { address, uiAddress, close } = await connectEmbedded({
    stateDir,
    onProgress,
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
      cause: error instanceof Error ? error.message : String(error),
      remedy: 'check TEMPORAL_TLS_*, TEMPORAL_CONFIG_FILE and TEMPORAL_PROFILE, and the files they name',
    });
  }
}
