import type { Command } from 'commander';
import type { CommandContext } from './context.js';

export type RunCommand<Rest extends unknown[]> = (context: CommandContext, ...rest: Rest) => Promise<number>;

/** What is begun before a command is loaded. */
export type Prepare<Rest extends unknown[]> = (
  context: CommandContext,
  ...rest: Rest
) => Promise<CommandContext>;

/** Commands are loaded when they are run: most of them need not wait for Temporal's client to load. */
export type Act = <Rest extends unknown[]>(
  load: () => Promise<RunCommand<Rest>>,
  prepare?: Prepare<Rest>,
) => (...all: [...Rest, Command]) => Promise<void>;
