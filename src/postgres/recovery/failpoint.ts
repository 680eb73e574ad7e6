/** Steps of an exchange of folders at which a test can have the process die, in the order they are reached. */
export const exchangeFailpoints = ['exchange:start', 'exchange:between', 'exchange:end'] as const;

/** Kills this process as a power cut would, when a test asked for it by `HOLDFAST_FAILPOINT`; inert otherwise. */
export function failpoint(point: (typeof exchangeFailpoints)[number]): void {
  if (process.env.HOLDFAST_FAILPOINT === point) process.kill(process.pid, 'SIGKILL');
}
