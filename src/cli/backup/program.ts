import { type Command, Option } from 'commander';
import type { CommandContext } from '../context.js';
import type { Act } from '../operation/act.js';
import { wholeNumber } from '../program-numbers.js';

type HeadStart = (context: CommandContext) => Promise<CommandContext>;

/** The command that backs up. */
export function addBackup(program: Command, act: Act, headStart: HeadStart): void {
  /** None for what the command will refuse. */
  const unlessRefused = async (
    context: CommandContext,
    database: string | undefined,
    { all = false }: { all?: boolean },
  ) => ((database === undefined) === all ? headStart(context) : context);
  program
    .command('backup')
    .description('back up a database: dump, compress, read back, publish, apply retention')
    .argument('[database]', 'its name; after -- when it begins with -')
    .option('--all', 'every database that accepts connections and is no template')
    .option('--cluster <name>', 'a cluster of holdfast.yaml', 'default')
    .addOption(
      new Option('--compression <method>', 'instead of the configured one').choices(['gzip', 'zstd', 'lz4']),
    )
    .option('--level <n>', 'compression level: gzip 1-9, zstd 1-19, lz4 1-12', wholeNumber)
    .option('--keep-last <n>', 'keep the newest N whatever their age', wholeNumber)
    .option('--parallel <n>', 'with --all: databases at a time', wholeNumber)
    .option('--include <pattern...>', 'with --all: only databases that fit one, such as shop_*')
    .option('--exclude <pattern...>', 'with --all: none that fits one')
    .option('--detach', 'start it, print the workflow id, and return')
    .action(act(async () => (await import('./backup.js')).backupCommand, unlessRefused));
}
