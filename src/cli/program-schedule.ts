import type { Command } from 'commander';
import type { Act } from './act.js';

const examples = `
Examples:
  holdfast schedule apply --dry-run      what would change
  holdfast schedule apply                do it; a second time changes nothing
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
    .action(act(async () => (await import('./schedule-apply.js')).scheduleApplyCommand));
}
