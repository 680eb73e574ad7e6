import {
  type ArchivingFacts,
  isArchiving,
  type ServerAccount,
  type SettingPlan,
} from '../../domain/wal/archiving.js';
import type { OtherCluster } from '../../domain/wal/other-cluster.js';
import type { WalLayout } from '../../repository/local/wal/wal-layout.js';
import { printable } from '../output/format.js';
import type { Output } from '../output/output.js';
import { renderTable } from '../output/table.js';

/** What `wal setup` found and did. */
export interface WalSetup {
  cluster: string;
  layout: WalLayout;
  owner: ServerAccount;
  facts: ArchivingFacts;
  plans: SettingPlan[];
  /** SQL that is left to be run, or that was. */
  statements: string[];
  /** For a shell of root's, where the archive is not ready. */
  commands: string[];
  applied: boolean;
  /** What to say of replication slots. */
  slotWarnings: string[];
  /** Where the archive has base backups of another cluster, what stands against archiving there. */
  other: OtherCluster | undefined;
}

/** Prints what `wal setup` found and did. */
export function tellSetup(output: Output, setup: WalSetup): void {
  const needsRestart = setup.plans.some((plan) => plan.needsRestart);
  if (output.json) output.printJson(toJson(setup, needsRestart));
  else tellPeople(output, setup, needsRestart);
}

function tellPeople(output: Output, setup: WalSetup, needsRestart: boolean): void {
  const { plans, layout, owner, facts, applied } = setup;
  output.print(renderTable(['SETTING', 'NOW', 'NEEDED'], plans.map(row)));
  output.print('');
  output.print(`archive: ${printable(layout.wal)}, written by ${printable(owner.name)}`);
  for (const { name, hindrance } of plans) if (hindrance) output.warn(`${name} is ${hindrance}`);
  if (facts.inRecovery)
    output.warn('the server is a standby: it archives once it is promoted, or with archive_mode = always');
  for (const warning of warningsOf(setup)) output.warn(warning);
  if (!applied) tellWork(output, setup);
  else if (setup.statements.length > 0) output.success('the settings are made');
  if (needsRestart) output.warn(restartWords(applied));
  else if (isArchiving(plans) && setup.commands.length === 0 && !setup.other)
    output.success('the server archives here');
}

function warningsOf({ slotWarnings, other }: WalSetup): string[] {
  return [...(other ? [`${other.cause}; ${other.remedy}`] : []), ...slotWarnings];
}

/** What is left to be done, as it can be run. */
function tellWork(output: Output, { plans, statements, commands }: WalSetup): void {
  if (statements.length === 0 && commands.length === 0) return;
  if (commands.length > 0) output.print(['', '# as root', ...commands].join('\n'));
  if (statements.length > 0)
    output.print(['', '-- as a superuser', ...statements.map((sql) => `${sql};`)].join('\n'));
  output.print('');
  const foreign = plans.find(({ state }) => state === 'foreign');
  if (foreign) {
    output.warn(
      `${foreign.name} is not Holdfast's: see what uses that archive; --apply replaces it only with --force`,
    );
  }
  output.print('nothing was changed; --apply does all of this');
}

function restartWords(applied: boolean): string {
  const when = applied ? 'restart the server' : 'then restart the server';
  return `${when}: only that puts the settings marked so in force, and Holdfast never does it`;
}

function row({ name, now, needed, state, needsRestart }: SettingPlan): string[] {
  const words = {
    fine: 'fine',
    restart: `${needed}, set: restart the server`,
    change: needed,
    foreign: needed,
  };
  const restart = state === 'change' && needsRestart ? ' (after a restart)' : '';
  return [name, now === '' ? '(empty)' : now, `${words[state] || '(empty)'}${restart}`];
}

function toJson(setup: WalSetup, restart: boolean) {
  const { cluster, layout, owner, facts, plans, statements, commands, applied } = setup;
  return {
    cluster,
    archive: { folder: layout.wal, script: layout.script, osUser: owner.name },
    server: {
      systemIdentifier: facts.systemIdentifier,
      walSegmentSizeBytes: facts.segmentSizeBytes,
      inRecovery: facts.inRecovery,
    },
    settings: plans.map(({ name, now, needed, state, needsRestart, hindrance }) => ({
      ...{ name, now, needed, state, needsRestart, hindrance },
    })),
    ...{ commands, statements, applied },
    needsRestart: restart,
    warnings: warningsOf(setup),
  };
}
