import type { Command } from 'commander';
import type { CommandContext } from '../context.js';
import type { Act } from '../operation/act.js';

const examples = `
Examples:
  holdfast drill --all            every database's newest backup, and the cluster to a point in time
  holdfast drill shop             the newest backup of "shop" alone
  holdfast drill --point-in-time  the cluster alone, from its base backup and WAL
  holdfast drill --to "2 hours ago"
                                  the cluster as it was then

Each is restored beside what serves, proven as a restore is (every row counted,
your assertions asked), timed, and dropped. Nothing is replaced, nobody need
approve. Where: \`drill.on\`, \`drill.folder\` in holdfast.yaml.

Exit codes: 0; 5 where anything is not proven; 2 for a time that the archive does not reach.
`;

/** The command that proves that backups can be restored. */
export function addDrill(
  program: Command,
  act: Act,
  headStart: (context: CommandContext) => Promise<CommandContext>,
): void {
  program
    .command('drill')
    .description('restore backups to prove that it can be done; keep and touch nothing')
    .argument('[database]', 'its newest backup; after -- when it begins with -')
    .option('--all', 'every database that has a backup, and a point in time')
    .option('--point-in-time', 'only the cluster to a point in time')
    .option('--to <time>', 'only the cluster to that time, as for `restore --to`')
    .option('--cluster <name>', 'a cluster of holdfast.yaml', 'default')
    .option('--detach', 'start it, print the workflow id, and return')
    .addHelpText('after', examples)
    .action(act(async () => (await import('./drill.js')).drillCommand, headStart));
}
