/**
 * Calls `onFirst` at the first Ctrl-C or SIGTERM; at the second one the process ends at once.
 *
 * @returns a function that stops listening
 */
export function onInterrupt(onFirst: () => void): () => void {
  let asked = false;
  const listen = (signal: NodeJS.Signals) => {
    if (asked) process.exit(signal === 'SIGINT' ? 130 : 143);
    asked = true;
    onFirst();
  };
  process.on('SIGINT', listen);
  process.on('SIGTERM', listen);
  return () => {
    process.off('SIGINT', listen);
    process.off('SIGTERM', listen);
  };
}
