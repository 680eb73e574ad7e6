import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BaseBackupMetadata } from '../../../src/domain/wal/base-backup.js';
import type { BaseRepository } from '../../../src/repository/base/base-repository.js';

const content = 'a tar file';

/** Metadata of a base backup whose one file nobody unpacks. */
export function baseMetadata(
  id: string,
  runId = `run-${id}`,
  more: Partial<BaseBackupMetadata> = {},
): BaseBackupMetadata {
  return {
    format_version: 1,
    ...{ id, cluster: 'default', system_identifier: '7710930305917767397', pg_version: '15.13', timeline: 1 },
    ...{ start_lsn: '0/2000028', stop_lsn: '0/2000100', wal_segment_size: 16_777_216 },
    ...{ started_at: '2025-03-01T12:00:00Z', stopped_at: '2025-03-01T12:01:00Z' },
    ...{ verified_at: '2025-03-01T12:02:00Z', bootstrap_role: 'postgres', compression: 'zstd' },
    ...{ compressed_by: 'server', size_bytes: content.length, uncompressed_bytes: 100, cluster_files: 1 },
    files: [{ name: 'base.tar.zst', size_bytes: content.length, checksum: 'a'.repeat(64) }],
    ...{ tablespaces: [], duration_seconds: 60, tool_versions: {}, holdfast_version: '0' },
    ...{ workflow_id: 'wal-cycle/default', workflow_run_id: runId },
    ...more,
  };
}

/** Publishes it. */
export async function storeBase(
  repository: BaseRepository,
  metadata: BaseBackupMetadata,
): Promise<BaseBackupMetadata> {
  const folder = await repository.createPartial(metadata.workflow_run_id, 1);
  await writeFile(join(folder, 'base.tar.zst'), content);
  await repository.publish({ attempt: 1, metadata });
  return metadata;
}
