import type { Command } from 'commander';
import type { Act } from '../operation/act.js';

const upExamples = `
Examples:
  holdfast up                            until Ctrl-C; what had begun goes on at the next start
  holdfast up --metrics                  with metrics for Prometheus at 127.0.0.1:9464/metrics
  HOLDFAST_UI_PORT=9000 holdfast up      Temporal's Web UI at another port than 8243

With TEMPORAL_ADDRESS set it starts no Temporal, and does the rest. Other commands
find the Temporal that it runs by themselves.
`;

const statusExamples = `
Examples:
  holdfast status            what runs, what waits for people, what is next, how things last ended
  holdfast --json status     the same for programs

Without Temporal it tells what the repository knows.
`;

/** The commands that keep a machine's backups going, and tell how they go. */
export function addUp(program: Command, act: Act): void {
  program
    .command('up')
    .description('everything on this machine: Temporal with its Web UI, a worker, the schedules')
    .option('--metrics [address]', 'serve metrics for Prometheus (default: 127.0.0.1:9464)')
    .addHelpText('after', upExamples)
    .action(act(async () => (await import('./up.js')).upCommand));
  program
    .command('status')
    .description('what runs, what waits for approval, the next runs, and how the last ones ended')
    .addHelpText('after', statusExamples)
    .action(act(async () => (await import('../status/status.js')).statusCommand));
}
