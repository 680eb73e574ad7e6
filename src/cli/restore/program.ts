import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Act } from '../operation/act.js';
import { addRecoveryOptions } from '../wal/program.js';

const examples = `
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

/** The commands that restore, decide about a restore, and take one back. */
export function addRestore(program: Command, act: Act): void {
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
    .addHelpText('after', examples);
  addRecoveryOptions(restore);
  restore.action(act(async () => (await import('./restore.js')).restoreCommand));
  for (const [name, words] of [
    ['undo', 'swap back to what the database was before a restore'],
    ['confirm', 'drop what the database was before a restore, now'],
  ] as const) {
    const load = async () => {
      const { restoreUndoCommand, restoreConfirmCommand } = await import('./undo.js');
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
    .action(act(async () => (await import('../approval/approvals.js')).approvalsCommand));
  program
    .command('approve')
    .description('approve a restore that waits, after its evidence was shown; then wait for its end')
    .argument('<id>', "the workflow's id, the database, or the data directory")
    .option('--reason <text>', 'why; needed where the target is protected')
    .option('--evidence <digest>', 'approve only this evidence; its first 12 digits will do')
    .option('-y, --yes', 'do not ask for the name to be typed')
    .addOption(cluster())
    .action(act(async () => (await import('../approval/approve.js')).approveCommand));
  program
    .command('reject')
    .description('reject a restore that waits: it ends, and the target stays')
    .argument('<id>', "the workflow's id, the database, or the data directory")
    .requiredOption('--reason <text>', 'why')
    .addOption(cluster())
    .action(act(async () => (await import('../approval/approve.js')).rejectCommand));
}

function hours(text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number of hours, or 0.');
}
