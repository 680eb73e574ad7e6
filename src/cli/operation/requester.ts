import { hostname, userInfo } from 'node:os';

/** Who runs this command, as `user@host`: what the operating system says, not a proof of identity. */
export function requesterName(): string {
  return `${userInfo().username}@${hostname()}`;
}
