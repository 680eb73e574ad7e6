#!/usr/bin/env node
import { CommanderError } from 'commander';
import { HoldfastError, messageOf } from '../domain/errors.js';
import { nagiosUnknown } from './monitor/nagios.js';
import { errorDocument, exitCodeOf, renderError } from './output/errors.js';
import { tolerateClosing } from './output/output.js';
import { createProgram } from './program.js';

const usageExitCode = 2;

// Node ignores it, until a listener of execa's comes and goes: from then on a file over the limit (ulimit -f) would
// kill this process instead of failing the write with EFBIG.
process.on('SIGXFSZ', () => undefined);

for (const stream of [process.stdout, process.stderr]) tolerateClosing(stream);
const program = createProgram(process.env, (code) => {
  process.exitCode = code;
});
void program
  .parseAsync()
  .catch((error: unknown) => {
    process.exitCode = report(error);
  })
  // What the Temporal client leaves open must not keep a finished command from ending.
  .finally(() => process.stdout.write('', () => process.exit()));

function report(error: unknown): number {
  // Commander has printed its own message already.
  if (process.argv.includes('--nagios') && !(error instanceof CommanderError && error.exitCode === 0)) {
    const { text, exitCode } = nagiosUnknown(messageOf(error));
    process.stdout.write(`${text}\n`);
    return exitCode;
  }
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    printAsJson(mistakeOf(error));
    return usageExitCode;
  }
  const { verbose, color } = program.opts<{ verbose?: boolean; color?: boolean }>();
  const colored = color !== false && process.stderr.isTTY === true && !process.env.NO_COLOR;
  process.stderr.write(`${renderError(error, { verbose: verbose === true, color: colored })}\n`);
  printAsJson(error);
  return exitCodeOf(error);
}

/** A program that reads the result finds the error in its place. What could not be parsed is not in the options. */
function printAsJson(error: unknown): void {
  if (process.argv.includes('--json'))
    process.stdout.write(`${JSON.stringify(errorDocument(error), null, 2)}\n`);
}

function mistakeOf({ code, message }: CommanderError): HoldfastError {
  const cause = code === 'commander.help' ? 'no command was named' : message.replace(/^error: /, '');
  return new HoldfastError('ConfigurationInvalid', {
    ...{ attempted: 'read the command line', cause },
    remedy: 'see `holdfast --help`',
  });
}
