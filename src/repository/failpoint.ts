/** Steps at which a test can have the process die, in the order they are reached. */
export const failpoints = {
  publish: [
    'publish:start',
    'publish:after-draft',
    'publish:after-sync',
    'publish:after-rename',
    'publish:after-globals-rename',
    'publish:after-folder-sync',
    'publish:after-metadata-rename',
    'publish:end',
  ],
  remove: ['remove:after-unlisting', 'remove:after-decision', 'remove:after-artifact'],
} as const;

export type Failpoint = (typeof failpoints)[keyof typeof failpoints][number];

/** Kills this process as a power cut would, when a test asked for it by `HOLDFAST_FAILPOINT`; inert otherwise. */
export function failpoint(point: Failpoint): void {
  if (process.env.HOLDFAST_FAILPOINT === point) process.kill(process.pid, 'SIGKILL');
}
