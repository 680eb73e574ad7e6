import { artifactSuffix, fullBackupId } from '../../src/domain/backup/names.js';
import type { DatabaseFacts } from '../../src/postgres/inspect/database.js';
import type { ClientTools } from '../../src/postgres/program/client-tools.js';
import type { CompressorChoice } from '../../src/stream/compression/choose-compressor.js';
import type { StoredStream } from '../../src/stream/store/store-stream.js';
import type { BackupStep } from '../deps.js';
import { runOf } from '../deps.js';
import type { BackupDraft } from './draft.js';

/** What a dump found out. */
export interface DraftParts {
  step: BackupStep & { timestamp: string };
  startedAt: Date;
  before: DatabaseFacts;
  afterBytes: number;
  tools: ClientTools;
  compressor: CompressorChoice;
  stored: StoredStream;
  lsn: string;
}

/** The draft of a backup's metadata. */
export function draftOf({
  step,
  startedAt,
  before,
  afterBytes,
  tools,
  compressor,
  stored,
  lsn,
}: DraftParts): BackupDraft {
  const { workflowId, runId } = runOf();
  return {
    backup_file: `${fullBackupId(step.database, step.timestamp)}${artifactSuffix[compressor.method]}`,
    database: step.database,
    timestamp: step.timestamp,
    size_bytes: stored.sizeBytes,
    pg_version: before.serverVersion,
    checksum: stored.checksum,
    compression_level: compressor.level,
    cluster: step.cluster,
    compression: compressor.method,
    started_at: startedAt.toISOString(),
    uncompressed_bytes: stored.readBack.uncompressedBytes,
    database_size_bytes_before: before.databaseSizeBytes,
    database_size_bytes_after: afterBytes,
    properties: before.properties,
    tables: stored.readBack.tables,
    snapshot_lsn: lsn,
    tool_versions: { pg_dump: tools.pgDump.version, [compressor.program]: compressor.version },
    stages: stored.stages,
    workflow_id: workflowId,
    workflow_run_id: runId,
  };
}
