/** Sends a signal to a process, and never, where there is none, to the test run's own group, as `process.kill(0)` does. */
export function signalProcess(pid: number | undefined, signal: NodeJS.Signals): void {
  if (!pid) throw new Error(`there is no process to be sent ${signal}`);
  process.kill(pid, signal);
}
