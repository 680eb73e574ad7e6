import { join } from 'node:path';
import { archiveScriptName } from '../../../domain/archive-command.js';

/** Where a cluster's archive lies, as full paths. */
export interface WalLayout {
  /** The cluster's part of the repository. */
  root: string;
  incremental: string;
  /** The archive. */
  wal: string;
  /** What the archive command is writing. */
  partials: string;
  /** One JSON a WAL cycle, and what was verified. */
  metadata: string;
  /** The archive command's script: beside the archive, for the server's OS user may not read where Holdfast lies. */
  script: string;
}

export function walLayout(root: string): WalLayout {
  const incremental = join(root, 'incremental');
  const wal = join(incremental, 'wal');
  return {
    ...{ root, incremental, wal },
    partials: join(wal, '.partial'),
    metadata: join(incremental, 'metadata'),
    script: join(incremental, archiveScriptName),
  };
}
