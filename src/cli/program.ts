import { Command } from 'commander';
import { version } from '../version.js';
import { addBackup } from './backup/program.js';
import { addCatalogue } from './catalogue/program.js';
import { type CommandContext, createContext, type GlobalOptions } from './context.js';
import { addDrill } from './drill/program.js';
import { addMonitor } from './monitor/program.js';
import { type Prepare, type RunCommand, takeOwnOptions } from './operation/act.js';
import { addRestore } from './restore/program.js';
import { addSchedule } from './schedule/program.js';
import { addDoctor } from './setup/program.js';
import { addUp } from './up/program.js';
import { addWal } from './wal/program.js';
import { addWorker } from './worker/program.js';

const examples = `
Examples:
  holdfast backup shop       back up database "shop", verified before it exists
  holdfast backup --all      every database of the cluster
  holdfast list              what there is, newest first
  holdfast verify --all      re-read every backup: checksum, compression, rows
  holdfast expire --dry-run  what retention would remove, and why
  holdfast keep latest shop  keep it beyond retention, until it is released
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

  addBackup(program, act, headStart);
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

const headStart = async (context: CommandContext) =>
  (await import('./operation/head-start.js')).withHeadStart(context);
