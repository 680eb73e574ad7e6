import type { Command } from 'commander';
import type { CommandContext } from '../context.js';

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

/**
 * Gives a subcommand its own options: commander hands what stands behind it to the commands above, where one of them has
 * an option of that name.
 */
export function takeOwnOptions(command: Command): void {
  for (let above = command.parent; above?.parent; above = above.parent) {
    for (const option of above.options) {
      const name = option.attributeName();
      if (above.getOptionValueSource(name) !== 'cli') continue;
      if (!command.options.some((own) => own.attributeName() === name))
        command.error(`error: unknown option '${option.long ?? option.flags}'`, {
          code: 'commander.unknownOption',
        });
      if (command.getOptionValueSource(name) !== 'cli')
        command.setOptionValueWithSource(name, above.getOptionValue(name), 'cli');
    }
  }
}
