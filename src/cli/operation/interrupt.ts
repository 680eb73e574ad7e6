/**
 * Calls `onFirst` at the first Ctrl-C or SIGTERM; at the second one the process ends at once.
 *
 * @returns a function that stops listening
 */
export function onInterrupt(onFirst: (signal: NodeJS.Signals) => void): () => void {
  let asked = false;
  const listen = (signal: NodeJS.Signals) => {
    if (asked) endAt(signal);
    asked = true;
    onFirst(signal);
  };
  process.on('SIGINT', listen);
  process.on('SIGTERM', listen);
  return () => {
    process.off('SIGINT', listen);
    process.off('SIGTERM', listen);
  };
}

/** Ends the process at once, with the exit code that shells give the signal. */
export function endAt(signal: NodeJS.Signals): never {
  process.exit(signal === 'SIGINT' ? 130 : 143);
}
