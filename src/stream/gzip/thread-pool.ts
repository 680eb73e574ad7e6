import { availableParallelism } from 'node:os';

/** More than any dump keeps busy would only take memory. */
const mostThreads = 16;

/** How many threads are worth having for one stream on this machine. */
export function usefulThreads(): number {
  return Math.min(mostThreads, availableParallelism());
}

/** What libuv's thread pool has unless UV_THREADPOOL_SIZE says otherwise. */
const defaultPoolSize = 4;

/** How many blocks Node's thread pool can usefully work on at a time. */
export function poolThreads(): number {
  const size = Number.parseInt(process.env.UV_THREADPOOL_SIZE ?? '', 10) || defaultPoolSize;
  return Math.max(1, Math.min(availableParallelism(), size));
}
