import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shellWord } from '../../../src/domain/shell-word.js';
import { archiveCommand, archiveCommandFlaw } from '../../../src/domain/wal/archive-command.js';
import { type ArchivingFacts, planArchiving, type ServerSetting } from '../../../src/domain/wal/archiving.js';

const command = archiveCommand('/srv/backups/incremental');

const setting = (now: string, more: Partial<ServerSetting> = {}): ServerSetting => ({
  ...{ now, next: now, pendingRestart: false, source: 'configuration file' },
  ...more,
});

function states(settings: Partial<ArchivingFacts['settings']>) {
  const all = {
    wal_level: setting('replica'),
    archive_mode: setting('on'),
    archive_command: setting(command),
    ...settings,
  };
  const plans = planArchiving({ settings: all } as ArchivingFacts, command);
  return Object.fromEntries(plans.map(({ name, state }) => [name, state]));
}

const fine = { wal_level: 'fine', archive_mode: 'fine', archive_command: 'fine' };

test.for([
  ['nothing is to be done where all is set', {}, fine],
  [
    'logical and always are as good',
    { wal_level: setting('logical'), archive_mode: setting('always') },
    fine,
  ],
  [
    'a fresh server needs both',
    { archive_mode: setting('off'), archive_command: setting('') },
    { ...fine, archive_mode: 'change', archive_command: 'change' },
  ],
  [
    'minimal is too little',
    { wal_level: setting('minimal'), archive_mode: setting('off') },
    { ...fine, wal_level: 'change', archive_mode: 'change' },
  ],
  [
    'what a restart brings need not be set again',
    { archive_mode: setting('off', { next: 'on', pendingRestart: true }) },
    { ...fine, archive_mode: 'restart' },
  ],
  [
    'what a restart takes away has to be',
    { archive_mode: setting('on', { next: 'off', pendingRestart: true }) },
    { ...fine, archive_mode: 'change' },
  ],
  [
    'another command is foreign',
    { archive_command: setting('cp %p /x/%f') },
    { ...fine, archive_command: 'foreign' },
  ],
  ['an empty library is no matter', { archive_library: setting('') }, fine],
  [
    'a library is foreign',
    { archive_library: setting('basic_archive') },
    { ...fine, archive_library: 'foreign' },
  ],
] as const)('%s', ([_, settings, expected]) => {
  expect(states(settings)).toEqual(expected);
});

test('what the command line of the server sets is told as out of reach, unless it is fine', () => {
  const plansOf = (now: string) =>
    planArchiving(
      {
        settings: {
          wal_level: setting('replica'),
          archive_mode: setting(now, { source: 'command line' }),
          archive_command: setting(command),
        },
      } as ArchivingFacts,
      command,
    );
  expect(plansOf('off')[1]?.hindrance).toContain('command line');
  expect(plansOf('on')[1]?.hindrance).toBeNull();
});

const path = fc.string({ unit: fc.constantFrom(...`ab /'"%$\\\`*;&|<>(){}~#é`), minLength: 1 });

test('the server’s shell gets the script’s path as it is, whatever is in it', () => {
  fc.assert(
    fc.property(path, (part) => {
      const folder = `/${part}`;
      // As the server replaces them.
      const replaced = archiveCommand(folder).replace(
        /%(.)/g,
        (_, letter) => ({ p: 'P Q', f: 'F' })[letter as string] ?? letter,
      );
      const telling = replaced.replace('. "$1/archive-wal.sh"', `printf '%s\\n' "$@"`);
      expect(execFileSync('sh', ['-c', telling], { encoding: 'utf8' })).toBe(`${folder}\nP Q\nF\n`);
      expect(execFileSync('sh', ['-c', `printf %s ${shellWord(folder)}`], { encoding: 'utf8' })).toBe(folder);
    }),
    { numRuns: 50 },
  );
});

test('a command that servers would cut, or that has a line break, is none', () => {
  expect(archiveCommandFlaw(command)).toBeUndefined();
  expect(archiveCommandFlaw(archiveCommand(`/${'x'.repeat(890)}`))).toBeUndefined();
  expect(archiveCommandFlaw(archiveCommand(`/${'x'.repeat(930)}`))).toContain('cut');
  expect(archiveCommandFlaw(archiveCommand('/a\nb'))).toContain('line break');
});
