import { join } from 'node:path';
import { archiveScriptName } from '../../../domain/wal/archive-command.js';

/** Where a cluster's archive lies, as full paths. */
export interface WalLayout {
  /** The cluster's part of the repository. */
  root: string;
  incremental: string;
  /** The archive. */
  wal: string;
  /** What the archive command is writing. */
  partials: string;
  /** Where streamed WAL is written, before it is published in the archive. */
  stream: string;
  /** The ends of streams that broke off for good: each the last segment, as far as it came. */
  brokenOff: string;
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
    stream: join(wal, '.stream'),
    brokenOff: join(wal, '.stream', 'broken-off'),
    metadata: join(incremental, 'metadata'),
    script: join(incremental, archiveScriptName),
  };
}
