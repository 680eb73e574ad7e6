import { randomInt } from 'node:crypto';
import { freePort } from '../../src/temporal/embedded/ports.js';

/**
 * A free port that stays free while its server is down: below those that Linux gives to whoever asks for any
 * (net.ipv4.ip_local_port_range), as other tests do meanwhile.
 */
export function lastingPort(): Promise<number> {
  return freePort(...Array.from({ length: 20 }, () => randomInt(20_000, 32_768)));
}
