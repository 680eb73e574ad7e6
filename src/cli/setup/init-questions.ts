import * as clack from '@clack/prompts';
import { HoldfastError } from '../../domain/errors.js';
import { type FoundServer, findDatabases } from '../../setup/find-databases.js';
import type { SetupAnswers } from '../../setup/settings-text.js';
import { chooseCompressor } from '../../stream/compression/choose-compressor.js';
import type { CommandContext } from '../context.js';
import { bytes, counted, printable } from '../output/format.js';
import { connectionOf, defaultAnswers, type InitOptions, type Setup } from './init-defaults.js';

/** Asks a person at a terminal. Until the last answer nothing is written. @throws HoldfastError `Cancelled` */
export async function askForSetup(
  context: CommandContext,
  options: InitOptions,
  path: string,
): Promise<Setup> {
  clack.intro('holdfast init');
  const defaults = defaultAnswers(context, options);
  const reached = await askForServer(context, defaults);
  const answers: SetupAnswers = {
    ...{ ...defaults, connection: reached.connection },
    backupDir: await askText('Where are backups to be kept?', defaults.backupDir),
    compression: await askForCompression(defaults.compression),
    retentionDays: Number(
      await askText('For how many days?', String(defaults.retentionDays), (text) =>
        /^[1-9]\d{0,4}$/.test(text) ? undefined : 'A whole number of days, at least 1.',
      ),
    ),
  };
  const isSure = await clack.confirm({ message: `Write ${path}?` });
  if (!answered(isSure)) throw stopped();
  clack.outro('thank you');
  const { found, password } = reached;
  return { answers, found, ...(password !== undefined && { password }) };
}

interface Reached {
  connection: SetupAnswers['connection'];
  found: FoundServer;
  password?: string;
}

/** Until a server answers: nothing is of use before. */
async function askForServer(context: CommandContext, defaults: SetupAnswers): Promise<Reached> {
  const { host = '', port = 5432, user = '', service } = defaults.connection;
  const asked = {
    ...(service !== undefined && { service }),
    host: await askText('Where is PostgreSQL? (host, or folder of its socket)', host || 'localhost'),
    port: Number(
      await askText('Its port?', String(port), (text) =>
        /^\d{1,5}$/.test(text) ? undefined : 'A whole number.',
      ),
    ),
    user: await askText('As which role? (`holdfast init --print-roles` has some)', user || 'postgres'),
  };
  let password: string | undefined;
  for (;;) {
    try {
      const found = await findDatabases(connectionOf(context, { ...defaults, connection: asked }, password));
      showFound(found);
      return { connection: asked, found, ...(password !== undefined && { password }) };
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error;
      clack.log.error(printable(error.message));
      if (error.type !== 'AuthenticationFailed')
        return await askForServer(context, { ...defaults, connection: asked });
      const message = `Password of ${printable(asked.user)}? (kept in a file of its own, mode 0600; empty: another role)`;
      password = answered(await clack.password({ message })) || undefined;
      if (password === undefined) return await askForServer(context, { ...defaults, connection: asked });
    }
  }
}

function showFound({ version, databases }: FoundServer): void {
  const lines = databases.map(
    ({ name, sizeBytes }) => `${printable(name)}  ${sizeBytes === null ? '' : bytes(sizeBytes)}`,
  );
  clack.note(lines.join('\n'), `PostgreSQL ${printable(version)}: ${counted(databases.length, 'database')}`);
}

async function askForCompression(usual: SetupAnswers['compression']): Promise<SetupAnswers['compression']> {
  const hints = { gzip: 'read everywhere', zstd: 'faster and smaller', lz4: 'the fastest' };
  const methods = ['gzip', 'zstd', 'lz4'] as const;
  const there = await Promise.all(
    methods.map((method) => chooseCompressor({ method }).catch(() => undefined)),
  );
  const options = methods
    .filter((_, index) => there[index] !== undefined)
    .map((value) => ({ value, label: value, hint: hints[value] }));
  const initialValue = options.some(({ value }) => value === usual) ? usual : 'gzip';
  return answered(await clack.select({ message: 'Compressed how?', options, initialValue }));
}

async function askText(
  message: string,
  usual: string,
  validate: (text: string) => string | undefined = () => undefined,
): Promise<string> {
  const answer = await clack.text({
    message,
    placeholder: usual,
    defaultValue: usual,
    validate: (text) => (text ? validate(text) : undefined),
  });
  return answered(answer);
}

function answered<Answer>(answer: Answer): Exclude<Answer, symbol> {
  if (clack.isCancel(answer)) throw stopped();
  return answer as Exclude<Answer, symbol>;
}

function stopped(): HoldfastError {
  return new HoldfastError('Cancelled', {
    attempted: 'set this machine up',
    cause: 'it was stopped, and nothing was written',
  });
}
