import type { Command } from 'commander';
import type { Act } from '../operation/act.js';
import { wholeNumber } from '../program-numbers.js';

/** The commands that look at what there is, verify it, keep it, and remove it. */
export function addCatalogue(program: Command, act: Act): void {
  const listing = (name: string, words: string) =>
    program
      .command(name)
      .description(words)
      .argument('[database]', 'only of this database')
      .option('--cluster <name>', 'only of this cluster')
      .option('--since <time>', 'only those taken then or later: with its UTC offset, or "7 days ago"')
      .option('--until <time>', 'only those taken then or before')
      .option('--limit <n>', 'only the newest N', wholeNumber);
  listing('list', 'list the backups, newest first').action(
    act(async () => (await import('./list.js')).listCommand),
  );
  listing('info', 'the same, with base backups and from when to when clusters can be recovered to').action(
    act(async () => (await import('./info.js')).infoCommand),
  );
  program
    .command('show')
    .description("print one backup's metadata")
    .argument('<id>', 'as listed, a file path, latest, or oldest')
    .argument('[database]', 'with latest and oldest: of this database')
    .option('--cluster <name>', 'a cluster of holdfast.yaml', 'default')
    .option('--tables', 'the rows of every table')
    .action(act(async () => (await import('./show.js')).showCommand));
  program
    .command('verify')
    .description('re-read a backup: checksum, compression, end marker, rows; needs no Temporal')
    .argument('[id]', 'as listed, a file path, latest, or oldest')
    .option('--all', 'every backup')
    .option('--cluster <name>', 'a cluster of holdfast.yaml')
    .action(act(async () => (await import('./verify.js')).verifyCommand));
  program
    .command('expire')
    .description('remove what retention no longer keeps; never the newest verified backup of a database')
    .argument('[database]', 'only of this database')
    .option('--cluster <name>', 'only of this cluster')
    .option('--keep-last <n>', 'keep the newest N whatever their age', wholeNumber)
    .option('--dry-run', 'print the plan and remove nothing')
    .action(act(async () => (await import('./expire.js')).expireCommand));
  addByHand(program, act);
}

/** What people do with one backup. */
function addByHand(program: Command, act: Act): void {
  const ofOne = (name: string, words: string) =>
    program
      .command(name)
      .description(words)
      .argument('<id>', 'as listed, a file path, latest, or oldest')
      .argument('[database]', 'with latest and oldest: of this database')
      .option('--cluster <name>', 'a cluster of holdfast.yaml', 'default');
  ofOne('keep', 'keep a backup beyond retention, until it is released')
    .option('--reason <text>', 'why, for those who list it')
    .action(act(async () => (await import('./keep.js')).keepCommand));
  ofOne('release', 'let go of a backup that is kept: it goes by retention again').action(
    act(async () => (await import('./keep.js')).releaseCommand),
  );
  ofOne('remove', 'remove one backup or base backup, once its id was typed; never one that is read or kept')
    .option('--newest', 'also the newest of its database or cluster, which retention never removes')
    .option('-y, --yes', 'do not ask for the id to be typed')
    .action(act(async () => (await import('./remove.js')).removeCommand));
}
