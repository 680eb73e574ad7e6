import { HoldfastError } from '../../domain/errors.js';
import { portHolder } from './port-holder.js';
import { freePort } from './ports.js';

/** A port, what it is for, and how it is set. */
export interface RequiredPort {
  port: number;
  purpose: string;
  setting: string;
}

/**
 * Makes sure that ports of 127.0.0.1 are free.
 *
 * @throws HoldfastError `PortTaken` naming who holds one, and the setting that changes it
 */
export async function requirePorts(ports: readonly RequiredPort[]): Promise<void> {
  for (const { port, purpose, setting } of ports) {
    if ((await freePort(port)) === port) continue;
    const holder = await portHolder(port);
    throw new HoldfastError('PortTaken', {
      attempted: `let ${purpose} listen at 127.0.0.1:${port}`,
      cause: `the port is taken${holder ? ` by ${holder}` : ''}`,
      remedy: `end what holds it, or set another one by ${setting}`,
    });
  }
}
