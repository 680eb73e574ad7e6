import { type Command, InvalidArgumentError, Option } from 'commander';
import type { TablespaceWish } from '../../domain/recovery/contracts.js';
import type { CommandContext } from '../context.js';
import type { Act } from '../operation/act.js';
import { parseTablespace } from '../recovery/arguments.js';

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
    .action(act(async () => (await import('./cycle.js')).walCommand, headStart));
  wal
    .command('setup')
    .description('tell what the server needs to archive its WAL here')
    .argument('[cluster]', 'a cluster of holdfast.yaml', 'default')
    .option('--apply', 'make the archive, set the settings by ALTER SYSTEM and reload; never restarts')
    .option('--force', 'with --apply: replace an archive_command that is not ours')
    .action(act(async () => (await import('./setup.js')).walSetupCommand));
  wal
    .command('stream')
    .description('stream the WAL into the archive as it is written, by pg_receivewal and a replication slot')
    .argument('[cluster]', 'a cluster of holdfast.yaml', 'default')
    .option('--detach', 'start it, print the workflow id, and return')
    .option('--stop', 'end the stream; its replication slot stays, for which the server keeps WAL')
    .option('--drop-slot', 'end it and drop the slot: WAL from then on is streamed no more')
    .action(act(async () => (await import('./stream.js')).walStreamCommand, headStart));
}

/** Heads them in the help. */
const pointInTime = 'To a point in time ([backup] is then the cluster):';

/** Options by which `restore` brings back a whole cluster as it was at a point in time. */
export function addRecoveryOptions(restore: Command): void {
  const option = (flags: string, words: string) =>
    restore.addOption(new Option(flags, words).helpGroup(pointInTime));
  option(
    '--to <time>',
    'a time with its UTC offset, as in "10 minutes ago", or latest: all that was archived and streamed',
  );
  option('--target-time <time>', 'a time with its UTC offset');
  option('--target-lsn <lsn>', 'a position of the write-ahead log');
  option('--target-xid <xid>', 'the commit of a transaction');
  option('--target-name <name>', 'a point made by pg_create_restore_point()');
  option('--target-immediate', 'the end of the base backup');
  option('--target-exclusive', 'stop before the target, not after');
  restore.addOption(
    new Option(
      '--target-action <action>',
      'promote (default) and stop it; pause: leave it running, read only',
    )
      .choices(['promote', 'pause', 'shutdown'])
      .helpGroup(pointInTime),
  );
  option('--target-timeline <id>', 'latest (default), current, or a number');
  option('--data-dir <folder>', 'becomes the data directory: new, empty, or a stopped cluster to replace');
  restore.addOption(
    new Option('--tablespace <old=new>', 'where a tablespace is to lie; can be given again')
      .argParser(tablespaces)
      .helpGroup(pointInTime),
  );
  option('--make-tablespaces', 'let replay make those that are younger than the base backup where they were');
  option('--amcheck', 'check every table and B-tree by pg_amcheck');
  option('--base <id>', 'recover from that base backup');
  option('--os-user <name>', 'whom the folder is to belong to, where root runs this');
}

function tablespaces(text: string, earlier: TablespaceWish[] = []): TablespaceWish[] {
  const wish = parseTablespace(text);
  if (wish) return [...earlier, wish];
  throw new InvalidArgumentError('It must be NAME=FOLDER, or OLDFOLDER=FOLDER.');
}
