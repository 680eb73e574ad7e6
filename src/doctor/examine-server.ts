import type pg from 'pg';
import type { ClusterConfig } from '../config/config.js';
import type { Diagnosis } from '../domain/doctor/diagnosis.js';
import {
  judgeDumpRole,
  judgeReplicationRole,
  judgeRestoreRole,
  type ReplicationFacts,
} from '../domain/doctor/judge-roles.js';
import { judgeArchiving, judgeClock, judgeSlots } from '../domain/doctor/judge-server.js';
import type { RoleFacts } from '../domain/doctor/role-facts.js';
import { archiveCommand } from '../domain/wal/archive-command.js';
import { type ArchivingFacts, planArchiving } from '../domain/wal/archiving.js';
import { otherCluster } from '../domain/wal/other-cluster.js';
import { isOwnSlot } from '../domain/wal/replication-slot.js';
import { isFolder } from '../files/real-file.js';
import { inspectArchiving } from '../postgres/archiving/inspect-archiving.js';
import { tryReplication } from '../postgres/connection/try-replication.js';
import { inspectRole } from '../postgres/inspect/role.js';
import type { ServerSight } from '../postgres/inspect/server.js';
import { readServerSpace } from '../postgres/restore/staging/server-space.js';
import { inspectStreaming, type StreamingFacts } from '../postgres/streaming/inspect-streaming.js';
import { baseRepository } from '../repository/base/base-repository.js';
import { isScriptCurrent } from '../repository/local/wal/archive-script.js';
import { walLayout } from '../repository/local/wal/wal-layout.js';
import { look } from './look.js';

/** What a server tells of the role, its archiving and its slots, each asked for itself. */
export async function examineServer(
  client: pg.Client,
  cluster: ClusterConfig,
  server: ServerSight,
): Promise<{ role: RoleFacts | undefined; diagnoses: Diagnosis[] }> {
  const { name, connection } = cluster;
  // Each is asked once; whoever needs what could not be read tells why.
  const role = inspectRole(client, connection);
  const archiving = role.then(noMatter, noMatter).then(() => inspectArchiving(client));
  const streaming = archiving.then(noMatter, noMatter).then(() => inspectStreaming(client));
  const diagnoses = [
    await look('clock', name, () => judgeClock(name, server.clockOffsetSeconds)),
    await look('dump role', name, async () => judgeDumpRole(name, await role)),
    await look('restore role', name, async () => {
      const { inRecovery } = await archiving;
      return judgeRestoreRole(name, await role, inRecovery);
    }),
    await look('archiving', name, async () => examineArchiving(cluster, await archiving, await streaming)),
    await look('replication role', name, async () => {
      const facts = await replicationFacts(cluster, await role, await archiving, await streaming, server);
      return judgeReplicationRole(name, await role, facts);
    }),
    await look('replication slots', name, async () => {
      const { slots, maxKeptBytes } = await streaming;
      const space = await readServerSpace(connection, 'pg_default');
      const freeBytes = 'freeBytes' in space ? space.freeBytes : null;
      return judgeSlots(name, { slots, maxKeptBytes, freeBytes, walBytesPerDay: server.walBytesPerDay });
    }),
  ];
  return { role: await role.catch(() => undefined), diagnoses };
}

const noMatter = () => undefined;

async function examineArchiving(
  { name, repositoryPath }: ClusterConfig,
  facts: ArchivingFacts,
  { slots }: StreamingFacts,
): Promise<Diagnosis> {
  const layout = walLayout(repositoryPath);
  const { bases } = await baseRepository(repositoryPath, name).list();
  return judgeArchiving(name, {
    plans: planArchiving(facts, archiveCommand(layout.incremental)),
    archiver: facts.archiver,
    hasArchive: await isFolder(layout.wal),
    isScriptCurrent: await isScriptCurrent(layout),
    isStreamed: slots.some((slot) => isOwnSlot(slot.name) && slot.isActive),
    inRecovery: facts.inRecovery,
    other: otherCluster(bases, facts.systemIdentifier),
  });
}

/** A base backup is needed where WAL is archived or streamed for this repository. */
async function replicationFacts(
  { repositoryPath, connection }: ClusterConfig,
  { isSuperuser, mayReplicate }: RoleFacts,
  { settings }: ArchivingFacts,
  { slots }: StreamingFacts,
  { hbaLine }: ServerSight,
): Promise<ReplicationFacts> {
  const layout = walLayout(repositoryPath);
  const isOurs = settings.archive_command.now === archiveCommand(layout.incremental);
  const isStreamed = slots.some((slot) => isOwnSlot(slot.name));
  const hasArchive = await isFolder(layout.wal);
  const used = isStreamed ? 'WAL is streamed' : isOurs || hasArchive ? 'WAL is archived here' : null;
  const refusedBecause = isSuperuser || mayReplicate ? await tryReplication(connection) : null;
  return { usedBecause: used, refusedBecause, hbaLine };
}

/** What all databases take; null where the role may not know of one of them. */
export function databasesBytes({ databases }: RoleFacts): number | null {
  const sizes = databases.map(({ sizeBytes }) => sizeBytes);
  return sizes.reduce<number | null>((sum, one) => (sum === null || one === null ? null : sum + one), 0);
}
