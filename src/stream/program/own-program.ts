import { basename } from 'node:path';
import { programPath } from '../../package-root.js';
import type { FilterProgram } from './filter-program.js';

/**
 * One of our modules, named by its path below `src/stream`, as a filter program, run by the Node that runs this, with so many
 * threads for what Node does beside.
 */
export function ownProgram(module: string, threads: number, ...args: number[]): FilterProgram {
  return {
    path: process.execPath,
    name: `Holdfast's ${basename(module)}`,
    args: [programPath(`stream/${module}`), ...args.map(String)],
    // Node's own modules read files by these threads before a program could ask for more of them.
    env: { UV_THREADPOOL_SIZE: `${threads}` },
  };
}
