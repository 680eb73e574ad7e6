import { programPath } from '../package-root.js';
import type { FilterProgram } from './filter-program.js';

/** One of our modules as a filter program, run by the Node that runs this, with so many threads for what Node does beside. */
export function ownProgram(name: string, threads: number, ...args: number[]): FilterProgram {
  return {
    path: process.execPath,
    name: `Holdfast's ${name}`,
    args: [programPath(`stream/${name}`), ...args.map(String)],
    // Node's own modules read files by these threads before a program could ask for more of them.
    env: { UV_THREADPOOL_SIZE: `${threads}` },
  };
}
