import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Act } from '../operation/act.js';

const examples = `
Examples:
  holdfast doctor             this machine and every cluster that it looks after
  holdfast doctor orders      only cluster "orders" of holdfast.yaml
  holdfast --json doctor      for a program

Nothing is changed and nothing started. Exit code: 0 where nothing is critical;
else that of what is to be mended first: 2 settings, programs, the repository's
folder; 3 connection; 4 what a backup would fail by; 5 damage; 1 the rest.
`;

const initExamples = `
Examples:
  holdfast init                                   asks; Ctrl-C leaves nothing
  holdfast init --yes --host db --user holdfast --backup-dir /srv/backups
                                                  asks nothing, as a script needs it
  holdfast init --print-roles | psql -X -d postgres
                                                  roles of least privilege, by a superuser

No password is written to holdfast.yaml; one that is typed goes to a file of its
own beside it, mode 0600. Exit code: that of the \`holdfast doctor\` it ends with.
`;

/** Commands that set a machine up and look after it. */
export function addDoctor(program: Command, act: Act): void {
  program
    .command('doctor')
    .description('look whether this machine has what backups and restores need; say what to do')
    .argument('[cluster]', 'only this cluster of holdfast.yaml')
    .addHelpText('after', examples)
    .action(act(async () => (await import('./doctor.js')).doctorCommand));
  program
    .command('init')
    .description(
      'set this machine up: ask, find databases, write holdfast.yaml, look at it, say the next step',
    )
    .option('-y, --yes', 'ask nothing: what options and the environment say, else the defaults')
    .option(
      '--file <path>',
      'settings file to write; one that is there is never overwritten',
      'holdfast.yaml',
    )
    .option('--host <host>', "the server's host, or the folder of its socket")
    .option('--port <port>', 'its port', number)
    .option('--user <role>', 'the role to work as')
    .option('--backup-dir <folder>', 'where backups are kept')
    .option('--retention-days <n>', 'days for which they are', number)
    .addOption(new Option('--compression <method>', 'of full backups').choices(['gzip', 'zstd', 'lz4']))
    .option('--alert-endpoint <url>', 'where alerts are POSTed')
    .option('--print-roles', 'print SQL that makes roles of least privilege, and do nothing')
    .addHelpText('after', initExamples)
    .action(act(async () => (await import('./init.js')).initCommand));
}

function number(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number, at least 1.');
}
