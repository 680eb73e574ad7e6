import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { loadConfig } from '../../config/load.js';
import { exitCodeOf } from '../../domain/doctor/diagnosis.js';
import { HoldfastError } from '../../domain/errors.js';
import { rolesSql } from '../../domain/roles-sql.js';
import { type FoundServer, findDatabases } from '../../setup/find-databases.js';
import { settingsText } from '../../setup/settings-text.js';
import { type NewFile, requireSame, writeNew } from '../../setup/write-settings.js';
import type { CommandContext } from '../context.js';
import { bytes, counted, printable, shellWord } from '../output/format.js';
import { renderTable } from '../output/table.js';
import { examineAll } from './doctor.js';
import { tellDiagnoses } from './doctor-telling.js';
import { connectionOf, defaultAnswers, type InitOptions, type Setup } from './init-defaults.js';

/** `holdfast init`: asks, finds databases, writes holdfast.yaml, looks at the machine, and says the next step. */
export async function initCommand(context: CommandContext, options: InitOptions): Promise<number> {
  if (options.printRoles) {
    context.output.print(rolesSql());
    return 0;
  }
  const path = resolve(options.file);
  const setup = options.yes ? await takeDefaults(context, options) : await ask(context, options, path);
  const isWritten = await write(path, setup);
  return await tell(context, path, setup, isWritten);
}

async function takeDefaults(context: CommandContext, options: InitOptions): Promise<Setup> {
  const answers = defaultAnswers(context, options);
  return { answers, found: await findDatabases(connectionOf(context, answers)) };
}

async function ask(context: CommandContext, options: InitOptions, path: string): Promise<Setup> {
  if (process.stdin.isTTY && process.stdout.isTTY && !context.output.json) {
    const { askForSetup } = await import('./init-questions.js');
    return await askForSetup(context, options, path);
  }
  throw new HoldfastError('ConfigurationInvalid', {
    attempted: 'ask how this machine is to be set up',
    cause: context.output.json ? 'with --json nothing is asked' : 'there is no terminal',
    remedy:
      'give --yes, which takes what options and the environment say: --host, --port, --user, --backup-dir, …',
  });
}

/** False where the file said so already. */
async function write(path: string, { answers, found, password }: Setup): Promise<boolean> {
  const passwordPath = join(dirname(path), `${answers.cluster}.password`);
  const all = password === undefined ? answers : { ...answers, passwordFile: passwordPath };
  const text = settingsText(all, found);
  const there = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (there !== undefined) return !requireSame(path, there, text);
  const secret: NewFile[] = password === undefined ? [] : [{ path: passwordPath, text: `${password}\n` }];
  await writeNew([...secret, { path, text }]);
  return true;
}

async function tell(context: CommandContext, path: string, { found }: Setup, isWritten: boolean) {
  const { output, stateDir, temporalOptions, env } = context;
  const config = await loadConfig({ env, cwd: process.cwd(), file: path });
  const diagnoses = await examineAll({ config, stateDir, temporalOptions }, Object.values(config.clusters));
  if (output.json) {
    const { version, databases } = found;
    output.printJson({ file: path, written: isWritten, version, databases, checks: diagnoses });
    return exitCodeOf(diagnoses);
  }
  tellFound(context, found);
  output.success(isWritten ? `${path} is written` : `${path} says so already`);
  output.print('');
  tellDiagnoses(output, diagnoses);
  const option = path === join(process.cwd(), 'holdfast.yaml') ? '' : ` -c ${shellWord(path)}`;
  output.print(['', 'Next:', ...nextSteps(found).map((step) => `  holdfast${option} ${step}`)].join('\n'));
  return exitCodeOf(diagnoses);
}

function tellFound({ output }: CommandContext, { version, databases }: FoundServer): void {
  output.print(`PostgreSQL ${printable(version)}, ${counted(databases.length, 'database')}`);
  const rows = databases.map(({ name, sizeBytes }) => [name, sizeBytes === null ? '?' : bytes(sizeBytes)]);
  if (rows.length > 0) output.print(renderTable(['DATABASE', 'SIZE'], rows, { right: [1] }));
}

function nextSteps({ databases }: FoundServer): string[] {
  const first = databases.find(({ name }) => name !== 'postgres') ?? databases[0];
  return [
    ...(first ? [step(`backup ${shellWord(first.name)}`, 'the first backup, now')] : []),
    step('up', 'backups by themselves, every night: Temporal, a worker, the schedules'),
    step('schedule apply', 'the same on a Temporal cluster of yours, with `holdfast worker` running'),
  ];
}

function step(command: string, why: string): string {
  return `${command.padEnd(26)}  # ${why}`;
}
