/** Steps of a swap at which a test can have the process die, in the order they are reached. */
export const swapFailpoints = [
  'swap:start',
  'swap:before-refuse',
  'swap:refusing',
  'swap:after-refuse',
  'swap:after-terminate',
  'swap:after-first-rename',
  'swap:after-second-rename',
  'swap:after-commit',
] as const;

export type SwapFailpoint = (typeof swapFailpoints)[number];

/** Kills this process as a power cut would, when a test asked for it by `HOLDFAST_FAILPOINT`; inert otherwise. */
export function failpoint(point: SwapFailpoint): void {
  if (process.env.HOLDFAST_FAILPOINT === point) process.kill(process.pid, 'SIGKILL');
}
