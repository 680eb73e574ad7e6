import type { Command } from 'commander';
import type { Act } from '../operation/act.js';

const examples = `
Examples:
  holdfast schedule apply --dry-run      what would change
  holdfast schedule apply                do it; a second time changes nothing
  holdfast schedule list                 when each is due, how its last run ended
  holdfast schedule pause full --reason "disk is being replaced"
  holdfast schedule trigger orders/full --wait
                                         one run now, and how it ended
  holdfast schedule backfill wal --from 2026-01-02T00:00Z --to 2026-01-02T06:00Z
  crontab -l | holdfast schedule import-crontab -
                                         a proposal for holdfast.yaml

A schedule is named KIND for cluster "default", or CLUSTER/KIND; KIND is full, wal,
monitor or drill. CLUSTER/full/DATABASE is one database's own.
`;

/** The commands of schedules. */
export function addSchedule(program: Command, act: Act): void {
  const schedule = program
    .command('schedule')
    .description('have backups, WAL cycles, monitoring and drills done by schedule')
    .addHelpText('after', examples);
  schedule
    .command('apply')
    .description("make Temporal's schedules those of the settings, then look at the backups once")
    .option('--dry-run', 'print what would change, and change nothing')
    .option('--take-over', 'also take schedules of the same names that were made of other settings')
    .option('--no-check', 'without the look at the backups')
    .action(act(async () => (await import('./apply.js')).scheduleApplyCommand));
  schedule
    .command('list')
    .description('list the schedules: when each is due, and how its last run ended')
    .option('--all', 'also those made of the settings of others')
    .action(act(async () => (await import('./list.js')).scheduleListCommand));
  addActs(schedule, act);
  addRuns(schedule, act);
  schedule
    .command('import-crontab')
    .description("print a proposal for holdfast.yaml, made of a crontab's jobs of backups")
    .argument('[file]', 'a crontab, or - for standard input', '-')
    .action(act(async () => (await import('./import-crontab.js')).importCrontabCommand));
}

function addActs(schedule: Command, act: Act): void {
  const acting = (name: string, words: string) =>
    schedule
      .command(name)
      .description(words)
      .argument('[schedules...]', 'KIND or CLUSTER/KIND')
      .option('--all', 'every schedule made of these settings');
  acting('pause', 'no more runs until it is resumed; `apply` leaves it paused')
    .option('--reason <text>', 'why, for whoever finds it paused')
    .action(act(async () => (await import('./act.js')).schedulePauseCommand));
  acting('resume', 'run again when it is next due').action(
    act(async () => (await import('./act.js')).scheduleResumeCommand),
  );
  acting('remove', 'take it away; what runs goes on').action(
    act(async () => (await import('./act.js')).scheduleRemoveCommand),
  );
}

function addRuns(schedule: Command, act: Act): void {
  schedule
    .command('trigger')
    .description('one run now, also of a schedule that is paused')
    .argument('<schedule>', 'KIND or CLUSTER/KIND')
    .option('--wait', 'wait for its end, and tell how it was')
    .action(act(async () => (await import('./run.js')).scheduleTriggerCommand));
  schedule
    .command('backfill')
    .description('run now what was due in a span of time')
    .argument('<schedule>', 'KIND or CLUSTER/KIND')
    .requiredOption('--from <time>', 'with its UTC offset, as in 2026-01-02T02:00Z')
    .requiredOption('--to <time>', 'the same')
    .option('--each', 'a run for each time, one after the other, instead of one for all')
    .action(act(async () => (await import('./run.js')).scheduleBackfillCommand));
}
