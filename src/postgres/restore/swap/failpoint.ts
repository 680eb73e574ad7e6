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

/** The same of dropping a target to restore in its place. */
export const dropFailpoints = [
  'drop:start',
  'drop:refusing',
  'drop:after-refuse',
  'drop:after-terminate',
  'drop:after-drop',
] as const;

export type RestoreFailpoint = (typeof swapFailpoints | typeof dropFailpoints)[number];

/** Kills this process as a power cut would, when a test asked for it by `HOLDFAST_FAILPOINT`; inert otherwise. */
export function failpoint(point: RestoreFailpoint): void {
  if (process.env.HOLDFAST_FAILPOINT === point) process.kill(process.pid, 'SIGKILL');
}
