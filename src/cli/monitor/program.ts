import type { Command } from 'commander';
import type { Act } from '../operation/act.js';

const examples = `
Examples:
  holdfast monitor                      every cluster, by Temporal's worker of its host
  holdfast monitor --offline            the repository alone: neither Temporal nor PostgreSQL is asked
  holdfast monitor --offline --nagios   as a plugin of Nagios, Icinga and their kin

Exit codes: 0, or 5 where something is critical. With --nagios 0 ok, 1 warning,
2 critical, 3 unknown.
`;

/** Commands that watch over backups. */
export function addMonitor(program: Command, act: Act): void {
  program
    .command('monitor')
    .description('look whether backups are there, young, whole, and have room; tell what changed')
    .argument('[cluster]', 'only this cluster of holdfast.yaml')
    .option('--offline', 'without Temporal and PostgreSQL: what the repository can tell')
    .option('--nagios', "as a monitoring plugin: one line with performance data, and a plugin's exit codes")
    .addHelpText('after', examples)
    .action(act(async () => (await import('./monitor.js')).monitorCommand));
  program
    .command('metrics')
    .description('figures of the backups as JSON, from the repository alone')
    .argument('[cluster]', 'only this cluster of holdfast.yaml')
    .action(act(async () => (await import('./metrics.js')).metricsCommand));
  program
    .command('alert')
    .description('look after alerts')
    .command('test')
    .description('send a test alert to every channel; tell whether it took it, and which alerts it gets')
    .argument('[channel]', 'only to this one: endpoint, mail, or the name of a webhook')
    .action(act(async () => (await import('./alert.js')).alertTestCommand));
}
