import type { Command } from 'commander';
import type { Act } from './act.js';
import type { CommandContext } from './context.js';

/** The commands of the WAL archive. */
export function addWal(
  program: Command,
  act: Act,
  headStart: (context: CommandContext) => Promise<CommandContext>,
): void {
  const wal = program
    .command('wal')
    .description(
      'look after the WAL archive: complete and await the last segment, verify all, take a base backup when due',
    )
    .argument('[cluster]', 'a cluster of holdfast.yaml', 'default')
    .option('--base', 'take a base backup although none is due')
    .option('--no-switch', "leave the server's current segment as it is")
    .option('--detach', 'start it, print the workflow id, and return')
    .action(act(async () => (await import('./wal.js')).walCommand, headStart));
  wal
    .command('setup')
    .description('tell what the server needs to archive its WAL here')
    .argument('[cluster]', 'a cluster of holdfast.yaml', 'default')
    .option('--apply', 'make the archive, set the settings by ALTER SYSTEM and reload; never restarts')
    .option('--force', 'with --apply: replace an archive_command that is not ours')
    .action(act(async () => (await import('./wal-setup.js')).walSetupCommand));
}
