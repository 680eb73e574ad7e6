import { Command } from 'commander';
import { expect, test } from 'vitest';
import { takeOwnOptions } from '../../src/cli/operation/act.js';

/** What `wal stream` gets of these words, where both have `--detach` and `wal` alone has `--base`. */
function parse(...words: string[]): unknown {
  let got: unknown;
  const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  program.option('--json');
  const wal = program
    .command('wal')
    .argument('[cluster]')
    .option('--detach')
    .option('--base')
    .action(() => undefined);
  wal
    .command('stream')
    .argument('[cluster]')
    .option('--detach')
    .option('--stop')
    .action((cluster: string, options: object, command: Command) => {
      takeOwnOptions(command);
      got = { cluster, ...options };
    });
  program.parse(words, { from: 'user' });
  return got;
}

test.each([
  [['wal', 'stream', 'main', '--detach']],
  [['wal', 'stream', '--detach', 'main']],
  [['wal', '--detach', 'stream', 'main']],
  [['--json', 'wal', 'stream', 'main', '--detach', '--json']],
])('an option that a subcommand has in common with the command above it is its own: %j', (words) => {
  expect(parse(...words)).toEqual({ cluster: 'main', detach: true });
});

test('an option of the command above that the subcommand has not is a mistake, as any other', () => {
  expect(() => parse('wal', 'stream', '--base')).toThrow("unknown option '--base'");
  expect(parse('wal', 'stream', 'main', '--stop')).toEqual({ cluster: 'main', stop: true });
});
