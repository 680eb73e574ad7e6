import type { Command } from 'commander';
import type { Act } from './act.js';

const examples = `
Examples:
  holdfast doctor             this machine and every cluster that it looks after
  holdfast doctor orders      only cluster "orders" of holdfast.yaml
  holdfast --json doctor      for a program

Nothing is changed and nothing started. Exit code: 0 where nothing is critical;
else that of what is to be mended first: 2 settings, programs, the repository's
folder; 3 connection; 4 what a backup would fail by; 5 damage; 1 the rest.
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
    .description('set this machine up: ask, find databases, write holdfast.yaml, say the next step')
    .option('--print-roles', 'print SQL that makes roles of least privilege, and do nothing')
    .action(act(async () => (await import('./init.js')).initCommand));
}
