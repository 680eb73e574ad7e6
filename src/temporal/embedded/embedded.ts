import { chmod, mkdir, realpath } from 'node:fs/promises';
import { searchAttributeNames } from '../../domain/contracts.js';
import { HoldfastError, messageOf } from '../../domain/errors.js';
import { storing } from '../../files/storage-error.js';
import { joinSupervisor, type Membership } from './membership.js';
import { obtainTemporal } from './obtain.js';
import type { ServerNews, WantedPorts } from './state.js';

/** A Temporal server of this machine that lives as long as anybody holds it. */
export interface EmbeddedServer {
  /** `127.0.0.1:port` */
  address: string;
  /** `http://127.0.0.1:port` */
  uiAddress: string;
  /** No other client was connected: anything still running belongs to a dead command. */
  first: boolean;
  /** Lets go of it; the server stops when nobody holds it any more. */
  close(): Promise<void>;
}

export interface EmbeddedOptions {
  /** Folder of the server's database and log; made if need be, readable by this user alone. */
  stateDir: string;
  onProgress?: (message: string) => void;
  /** Told once there is nothing left but to wait for the server, and whether it was started here and now. */
  onUnderway?: (startedHere: boolean) => void;
  /** Where it is to listen if it has to be started. @defaultValue where it last did, else anywhere */
  ports?: WantedPorts;
  /** Called when everything is ready to start the server, which a rejection prevents. */
  beforeStart?: () => Promise<void>;
  /** What becomes of the server while it is held. */
  onNews?: (news: ServerNews) => void;
  /** To close is to end the server, unless others need it. @defaultValue false: it stays a moment for the next command */
  endsServer?: boolean;
}

/**
 * Connects to the server of `stateDir`, and starts it if none runs: all commands that use the same folder share
 * one. Workflows of earlier runs go on. A server or supervisor that dies is started again on the same ports.
 *
 * @throws HoldfastError `TemporalUnreachable`, `RepositoryNotWritable` where the folder belongs to another user
 */
export async function connectEmbedded({
  stateDir,
  onProgress = () => {},
  onUnderway = () => {},
  ports = {},
  beforeStart = () => Promise.resolve(),
  onNews = () => {},
  endsServer = false,
}: EmbeddedOptions): Promise<EmbeddedServer> {
  let executable: string | undefined;
  try {
    const context = { attempted: `make the state folder ${stateDir}`, path: stateDir };
    await storing({ ...context, setting: 'HOLDFAST_STATE_DIR' }, async () => {
      await mkdir(stateDir, { recursive: true, mode: 0o700 });
      await chmod(stateDir, 0o700);
    });
    const membership = await joinSupervisor({
      stateDir: await realpath(stateDir),
      obtainExecutable: async () => {
        executable ??= await obtainTemporal({ onProgress });
        return executable;
      },
      searchAttributes: searchAttributeNames,
      ...{ onProgress, onUnderway, ports, beforeStart, onNews, endsServer },
    });
    return await serverOf(membership);
  } catch (error) {
    if (error instanceof HoldfastError) throw error;
    throw new HoldfastError(
      'TemporalUnreachable',
      {
        attempted: `start the embedded Temporal server of ${stateDir}`,
        cause: messageOf(error),
        remedy: `see ${stateDir}/temporal.log; a damaged temporal.db may be moved away, backups don't depend on it`,
      },
      { cause: error },
    );
  }
}

async function serverOf({ port, uiPort, first, leave }: Membership): Promise<EmbeddedServer> {
  const address = `127.0.0.1:${port}`;
  // It loads Temporal's client, for which a server that is to be started need not wait.
  const { keepHistory, untilReady } = await import('./readiness.js');
  try {
    await untilReady(address);
    if (first) await keepHistory(address);
  } catch (error) {
    await leave();
    throw error;
  }
  return { address, uiAddress: `http://127.0.0.1:${uiPort}`, first, close: leave };
}
