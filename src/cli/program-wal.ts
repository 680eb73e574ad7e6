import type { Command } from 'commander';
import type { Act } from './act.js';

/** The commands of the WAL archive. */
export function addWal(program: Command, act: Act): void {
  const wal = program
    .command('wal')
    .description('archive the write-ahead log, to restore to any point in time');
  wal
    .command('setup')
    .description('tell what the server needs to archive its WAL here')
    .argument('[cluster]', 'a cluster of holdfast.yaml', 'default')
    .option('--apply', 'make the archive, set the settings by ALTER SYSTEM and reload; never restarts')
    .option('--force', 'with --apply: replace an archive_command that is not ours')
    .action(act(async () => (await import('./wal-setup.js')).walSetupCommand));
}
