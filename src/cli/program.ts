import { Command, InvalidArgumentError, Option } from 'commander';
import { version } from '../version.js';
import { type Act, type Prepare, type RunCommand, takeOwnOptions } from './act.js';
import { type CommandContext, createContext, type GlobalOptions } from './context.js';
import { addDoctor } from './program-doctor.js';
import { addDrill } from './program-drill.js';
import { addMonitor } from './program-monitor.js';
import { addSchedule } from './program-schedule.js';
import { addUp } from './program-up.js';
import { addRecoveryOptions, addWal } from './program-wal.js';
import { addWorker } from './program-worker.js';

const examples = `
Examples:
  holdfast backup shop       back up database "shop", verified before it exists
  holdfast backup --all      every database of the cluster
  holdfast list              what there is, newest first
  holdfast verify --all      re-read every backup: checksum, compression, rows
  holdfast expire --dry-run  what retention would remove, and why
  holdfast restore --latest shop
                             replace it by its newest backup, once approved
  holdfast wal setup         what the server needs to archive its WAL
  holdfast wal stream        stream its WAL into the archive as it is written
  holdfast drill --all       prove that what is there can be restored
  holdfast monitor           whether backups are there, young and whole
  holdfast init              set this machine up, asking
  holdfast doctor            what this machine lacks, and what to do about it
  holdfast up                all on this machine: Temporal, worker, schedules
  holdfast status            what runs, what waits for people, what is next
  holdfast schedule apply    have all of that done by schedule
  holdfast worker            do what schedules and commands ask of this host

Settings come from the environment (PGHOST, PGUSER, BACKUP_DIR, RETENTION_DAYS,
...), .env and holdfast.yaml; \`holdfast config show\` prints them with where each
was read.

Exit codes:
  0 success           3 PostgreSQL connection    6 rejected, or approval expired
  1 general error     4 backup creation failed   7 already running
  2 configuration     5 verification failed
`;

const restoreExamples = `
Examples:
  holdfast restore --list                         what there is
  holdfast restore --latest shop                  the newest backup of "shop" replaces it, once approved
  holdfast restore --latest shop_test --from shop becomes a new database; nobody need approve
  holdfast restore shop_full_20260102_020000 shop this backup
  holdfast restore --preview --latest shop        what would be done
  holdfast restore --to "10 minutes ago" --data-dir /srv/pg/then
                                                  the whole cluster as it was, in a folder of its own

A restore over a database shows its evidence and waits: for its name to be typed,
or for \`holdfast approve\`, \`holdfast reject\` from elsewhere (\`holdfast approvals\`).
Ctrl-C ends it and leaves the database as it was.
`;

/** The command line. Each command's exit code is handed to `onExit`. */
export function createProgram(env: NodeJS.ProcessEnv, onExit: (code: number) => void): Command {
  const program = new Command('holdfast')
    .description('PostgreSQL backups that prove they can be restored')
    .version(version, '-V, --version')
    .option('-c, --config <file>', 'settings file (default: holdfast.yaml in the working folder)')
    .option('-q, --quiet', 'only errors and results')
    .option('-v, --verbose', 'every log line, and stacks of errors')
    .option('--json', 'results as JSON on standard output')
    .option('--no-color', 'no colours')
    .addHelpText('after', examples)
    .showHelpAfterError('(see holdfast --help)')
    .exitOverride();

  const act =
    <Rest extends unknown[]>(load: () => Promise<RunCommand<Rest>>, prepare?: Prepare<Rest>) =>
    async (...all: [...Rest, Command]) => {
      const command = all.at(-1);
      if (command instanceof Command) takeOwnOptions(command);
      const bare = await createContext(program.opts<GlobalOptions>(), env);
      const rest = all.slice(0, -1) as unknown as Rest;
      const context = prepare ? await prepare(bare, ...rest) : bare;
      const run = await load();
      onExit(await run(context, ...rest));
    };

  addBackup(program, act);
  addCatalogue(program, act);
  addRestore(program, act);
  addWal(program, act, headStart);
  addMonitor(program, act);
  addDrill(program, act, headStart);
  addWorker(program, act, headStart);
  addSchedule(program, act);
  addDoctor(program, act);
  addUp(program, act);
  const config = program.command('config').description('look at the settings');
  config
    .command('show')
    .description('print the settings in force, secrets masked')
    .action(act(async () => (await import('./config.js')).configShowCommand));
  config
    .command('schema')
    .description('print the JSON Schema of holdfast.yaml, for editors')
    .action(act(async () => (await import('./config.js')).configSchemaCommand));
  return program;
}

const headStart = async (context: CommandContext) => (await import('./head-start.js')).withHeadStart(context);

/** None for what the command will refuse. */
const headStartOfBackup = async (
  context: CommandContext,
  database: string | undefined,
  { all = false }: { all?: boolean },
) => ((database === undefined) === all ? headStart(context) : context);

function addBackup(program: Command, act: Act): void {
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
    .action(act(async () => (await import('./backup.js')).backupCommand, headStartOfBackup));
}

function addCatalogue(program: Command, act: Act): void {
  const listing = (name: string, words: string) =>
    program
      .command(name)
      .description(words)
      .argument('[database]', 'only of this database')
      .option('--cluster <name>', 'only of this cluster')
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
}

function addRestore(program: Command, act: Act): void {
  const cluster = () => new Option('--cluster <name>', 'a cluster of holdfast.yaml').default('default');
  const restore = program
    .command('restore')
    .description('restore a backup: load it beside the target, prove it, wait for approval, swap')
    .argument('[backup]', 'as listed, a file path, latest or oldest; with --latest the target')
    .argument('[target]', 'the database that it becomes')
    .option('--latest', 'the newest backup of the target, or of the database given with --from')
    .option('--from <database>', 'with --latest: whose backup')
    .option('--list', 'list the backups and do nothing')
    .option('--preview', 'print the plan and touch nothing')
    .option('-y, --yes', 'approve as the requester; refused where the target is protected')
    .option('--reason <text>', 'why, for the record')
    .option('--keep-previous <hours>', 'keep what the target was, for an undo; 0 drops it', hours, 24)
    .option('--in-place', 'drop the target before loading, where there is no room for two; can NOT be undone')
    .option('--globals', 'create roles that the server lacks from the backup; never alters one that exists')
    .option('--allow-unverified', 'take a file that has no metadata')
    .option('--detach', 'start it, print the workflow id, and return')
    .addOption(cluster())
    .addHelpText('after', restoreExamples);
  addRecoveryOptions(restore);
  restore.action(act(async () => (await import('./restore.js')).restoreCommand));
  for (const [name, words] of [
    ['undo', 'swap back to what the database was before a restore'],
    ['confirm', 'drop what the database was before a restore, now'],
  ] as const) {
    const load = async () => {
      const { restoreUndoCommand, restoreConfirmCommand } = await import('./restore-keep.js');
      return name === 'undo' ? restoreUndoCommand : restoreConfirmCommand;
    };
    restore
      .command(name)
      .description(words)
      .argument('<id>', 'the name under which it is kept, as the summary told')
      .option('--reason <text>', 'why, for the record')
      .addOption(cluster())
      .action(act(load));
  }
  addDecisions(program, act, cluster);
}

function addDecisions(program: Command, act: Act, cluster: () => Option): void {
  program
    .command('approvals')
    .description('list the restores and recoveries that wait for approval')
    .action(act(async () => (await import('./approvals.js')).approvalsCommand));
  program
    .command('approve')
    .description('approve a restore that waits, after its evidence was shown')
    .argument('<id>', "the workflow's id, the database, or the data directory")
    .option('--reason <text>', 'why; needed where the target is protected')
    .option('--evidence <digest>', 'approve only this evidence; its first 12 digits will do')
    .option('-y, --yes', 'do not ask for the name to be typed')
    .addOption(cluster())
    .action(act(async () => (await import('./approve.js')).approveCommand));
  program
    .command('reject')
    .description('reject a restore that waits: it ends, and the target stays')
    .argument('<id>', "the workflow's id, the database, or the data directory")
    .requiredOption('--reason <text>', 'why')
    .addOption(cluster())
    .action(act(async () => (await import('./approve.js')).rejectCommand));
}

function hours(text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number of hours, or 0.');
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number, at least 1.');
}
