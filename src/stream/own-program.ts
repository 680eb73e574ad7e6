import { programPath } from '../package-root.js';
import type { FilterProgram } from './filter-program.js';

/** One of our modules as a filter program, run by the Node that runs this. */
export function ownProgram(name: string, ...args: (string | number)[]): FilterProgram {
  return { path: process.execPath, args: [programPath(`stream/${name}`), ...args.map(String)] };
}
