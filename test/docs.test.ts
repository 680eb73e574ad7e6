import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { createProgram } from '../src/cli/program.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const pages = ['README.md', ...readdirSync(`${root}docs`).map((name) => `docs/${name}`)].filter((path) =>
  path.endsWith('.md'),
);

/** `holdfast backup --all`, wherever a page writes it as code: in a line of a block, or between backticks. */
function commandsOf(text: string): string[] {
  const blocks = [...text.matchAll(/^```(?:sh)?\n(.*?)^```/gms)].flatMap(([, block = '']) =>
    block.split('\n'),
  );
  const inline = [...text.matchAll(/`(holdfast [^`]+)`/g)].map(([, code = '']) => code);
  return [...blocks, ...inline].flatMap((line) => {
    const [, command] = /(?:^|\| |sudo )(holdfast [^#|]*)/.exec(line) ?? [];
    return command === undefined ? [] : [command.trim()];
  });
}

const program = createProgram({}, () => undefined);

/** What `--help` after these words prints. */
function helpOf(...words: string[]): string {
  let told = '';
  const isNamed = (name: string | undefined) => (command: Command) => command.name() === name;
  const command = words.reduce<Command | undefined>((at, word) => at?.commands.find(isNamed(word)), program);
  command?.configureOutput({ writeOut: (text) => (told += text), getOutHelpWidth: () => 80 }).outputHelp();
  return told;
}

test('every command and option that the documents write is one', () => {
  const commands = namesIn(helpOf());
  const wrong: string[] = [];
  for (const page of pages) {
    for (const line of commandsOf(readFileSync(root + page, 'utf8'))) {
      const words = line
        .split(/\s+/)
        .slice(1)
        .filter((word) => !/^-(-json|c|q|v)$/.test(word));
      const [name = '', inner = ''] = words;
      if (!/^[a-z-]+$/.test(name) || name.startsWith('-')) continue;
      if (!commands.includes(name)) wrong.push(`${page}: ${line}`);
      else {
        const help = helpOf(name);
        const all = namesIn(help).includes(inner) ? `${help}\n${helpOf(name, inner)}` : help;
        const options = [...line.matchAll(/ (--[a-z][a-z-]+)/g)].map(([, option = '']) => option);
        for (const option of options)
          if (!all.includes(option) && !helpOf().includes(option)) wrong.push(`${page}: ${line}`);
      }
    }
  }
  expect(wrong.filter((one) => !isOfOthers(one, commands))).toEqual([]);
});

/** Commands that come with schedules: where there are none yet, what is written of them is not looked at. */
function isOfOthers(wrong: string, commands: readonly string[]): boolean {
  return ['schedule', 'up', 'status', 'drill'].some(
    (name) => wrong.includes(`holdfast ${name}`) && !commands.includes(name),
  );
}

/** The commands that a help text lists. */
function namesIn(help: string): string[] {
  return [...help.matchAll(/^ {2}([a-z][a-z-]+) /gm)].map(([, name = '']) => name);
}
