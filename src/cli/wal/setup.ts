import type pg from 'pg';
import type { ClusterConfig } from '../../config/config.js';
import { HoldfastError } from '../../domain/errors.js';
import { archiveCommand, archiveCommandFlaw } from '../../domain/wal/archive-command.js';
import { planArchiving, type SettingPlan } from '../../domain/wal/archiving.js';
import { otherCluster } from '../../domain/wal/other-cluster.js';
import { idleSlotWarnings, isOwnSlot, keepSizeWarning } from '../../domain/wal/replication-slot.js';
import { applyArchiving, archivingStatements } from '../../postgres/archiving/apply-archiving.js';
import { inspectArchiving } from '../../postgres/archiving/inspect-archiving.js';
import { locateServer } from '../../postgres/archiving/locate-server.js';
import { withMaintenanceConnection } from '../../postgres/connection/connection.js';
import { inspectStreaming } from '../../postgres/streaming/inspect-streaming.js';
import { baseRepository } from '../../repository/base/base-repository.js';
import { isScriptCurrent } from '../../repository/local/wal/archive-script.js';
import { archiveCommands, prepareArchive } from '../../repository/local/wal/prepare-archive.js';
import { walLayout } from '../../repository/local/wal/wal-layout.js';
import { type CommandContext, clusterNamed } from '../context.js';
import { tellSetup, type WalSetup } from './setup-telling.js';

export interface WalSetupOptions {
  apply?: boolean;
  force?: boolean;
}

/** `holdfast wal setup [CLUSTER]`: what the server needs to archive here, and with `--apply` sets it. */
export async function walSetupCommand(
  context: CommandContext,
  clusterName: string | undefined,
  options: WalSetupOptions,
): Promise<number> {
  const cluster = clusterNamed(context.config, clusterName ?? 'default');
  requireHere(cluster, context.config.host);
  const setup = await withMaintenanceConnection(cluster.connection, async (client) => {
    const found = await look(client, cluster, context.config.backupDir);
    return options.apply
      ? await apply(client, found, context.config.backupDir, options.force === true)
      : found;
  });
  tellSetup(context.output, setup);
  return 0;
}

async function look(client: pg.Client, cluster: ClusterConfig, backupDir: string): Promise<WalSetup> {
  const layout = walLayout(cluster.repositoryPath);
  const command = archiveCommand(layout.incremental);
  const flaw = archiveCommandFlaw(command);
  if (flaw !== undefined) {
    const attempted = `make an archive_command of ${layout.script}`;
    throw new HoldfastError('ConfigurationInvalid', { attempted, cause: flaw, remedy: 'move BACKUP_DIR' });
  }
  const owner = await locateServer(client, cluster.connection);
  const facts = await inspectArchiving(client);
  const plans = planArchiving(facts, command);
  const isReady = await isScriptCurrent(layout).catch(() => false);
  const commands = isReady ? [] : archiveCommands(layout, backupDir, owner);
  const statements = archivingStatements(plans);
  const slotWarnings = await warnOfSlots(client);
  const { bases } = await baseRepository(cluster.repositoryPath, cluster.name).list();
  const other = otherCluster(bases, facts.systemIdentifier);
  const found = { layout, owner, facts, plans, statements, commands, slotWarnings, other };
  return { cluster: cluster.name, ...found, applied: false };
}

/** Slots of Holdfast's that keep WAL for nobody; and what becomes of the disk, where one is in use. */
async function warnOfSlots(client: pg.Client): Promise<string[]> {
  const { slots, maxKeptBytes } = await inspectStreaming(client);
  const isStreamed = slots.some(({ name }) => isOwnSlot(name));
  const limit = isStreamed ? keepSizeWarning(maxKeptBytes) : undefined;
  return [...idleSlotWarnings(slots), ...(limit === undefined ? [] : [limit])];
}

/** The archive first: from the reload on the server may use it. */
async function apply(
  client: pg.Client,
  setup: WalSetup,
  backupDir: string,
  force: boolean,
): Promise<WalSetup> {
  const { layout, owner, plans, statements, cluster } = setup;
  refuseOther(setup);
  refuseHindered(cluster, plans);
  if (!force) refuseForeign(cluster, plans);
  await prepareArchive(layout, backupDir, owner);
  const facts = await applyArchiving(client, layout.script, statements);
  const after = planArchiving(facts, archiveCommand(layout.incremental));
  return { ...setup, facts, plans: after, commands: [], applied: true };
}

function requireHere({ name, host }: ClusterConfig, here: string): void {
  if (host === here) return;
  throw new HoldfastError('ArchivingRefused', {
    attempted: `set up archiving of cluster "${name}"`,
    cause: `its host is ${host}, and this is ${here}`,
    remedy: `run the same command on ${host}`,
  });
}

function refuseOther({ cluster, other }: WalSetup): void {
  if (!other) return;
  throw new HoldfastError('ArchivingRefused', {
    attempted: `set up archiving of cluster "${cluster}"`,
    ...other,
  });
}

function refuseForeign(cluster: string, plans: readonly SettingPlan[]): void {
  const foreign = plans.find(({ state }) => state === 'foreign');
  if (!foreign) return;
  throw new HoldfastError('ArchivingRefused', {
    attempted: `set up archiving of cluster "${cluster}"`,
    cause: `${foreign.name} is ${JSON.stringify(foreign.now)}, which Holdfast did not set`,
    remedy:
      'see what uses that archive; --force replaces the setting, and that archive then gets no more WAL',
  });
}

function refuseHindered(cluster: string, plans: readonly SettingPlan[]): void {
  const hindered = plans.find(({ hindrance }) => hindrance !== null);
  if (!hindered) return;
  throw new HoldfastError('ArchivingRefused', {
    attempted: `set ${hindered.name} of cluster "${cluster}" to ${JSON.stringify(hindered.needed)}`,
    cause: `it is ${hindered.hindrance}`,
    remedy: 'change it there',
  });
}
