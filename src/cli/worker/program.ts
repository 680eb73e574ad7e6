import type { Command } from 'commander';
import type { Act, Prepare } from '../operation/act.js';
import type { LastingOptions } from './lasting-services.js';

const examples = `
Examples:
  holdfast worker                          until it is stopped
  holdfast worker --metrics                with metrics for Prometheus at 127.0.0.1:9464/metrics
  holdfast worker --metrics 10.0.0.5:9464  at another address (or METRICS_ADDRESS)

A Temporal server that the settings name is waited for. Metrics are served all
the while, and true without Temporal and PostgreSQL.
`;

/** The command of those who work for others. */
export function addWorker(program: Command, act: Act, headStart: Prepare<[LastingOptions]>): void {
  program
    .command('worker')
    .description('do what schedules and commands on the Temporal server ask of this host, until stopped')
    .option('--metrics [address]', 'serve metrics for Prometheus (default: 127.0.0.1:9464)')
    .addHelpText('after', examples)
    .action(act(async () => (await import('./worker.js')).workerCommand, headStart));
}
