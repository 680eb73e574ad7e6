import { type BackupMetadata, type StoredMetadata, totalRows } from '../../domain/backup/metadata.js';
import { describeKeep } from '../../repository/keep.js';
import { openRepository } from '../../repository/open-repository.js';
import { type CommandContext, clusterNamed } from '../context.js';
import { bytes, count, duration, printable } from '../output/format.js';
import { renderTable } from '../output/table.js';

export interface ShowOptions {
  cluster: string;
  tables?: boolean;
}

/** `holdfast show ID` and `holdfast show latest DATABASE`: what the metadata says. */
export async function showCommand(
  context: CommandContext,
  id: string,
  database: string | undefined,
  options: ShowOptions,
): Promise<number> {
  const { output } = context;
  const repository = openRepository(clusterNamed(context.config, options.cluster));
  const found = await repository.find(id, database);
  const { metadata } = found;
  const kept = repository.owns(found.path) ? (await repository.keeps()).get(found.id) : undefined;
  if (output.json) {
    output.printJson({ ...metadata, kept: kept ?? null });
    return 0;
  }
  const rows = [...facts(metadata, found.summary.takenAt), ['file', printable(found.path)]];
  if (kept) rows.push(['kept', `${describeKeep(kept)}${kept.at === null ? '' : `, since ${kept.at}`}`]);
  output.print(renderTable(null, rows, { whole: [1] }));
  if (!metadata.format_version) return 0;
  output.print('');
  output.print(
    renderTable(['STAGE', 'BYTES', 'TIME', 'RATE'], metadata.stages.map(stageRow), { right: [1, 2, 3] }),
  );
  if (options.tables) {
    const rows = metadata.tables.map(({ schema, table, rows }) => [
      `${printable(schema)}.${printable(table)}`,
      count(rows),
    ]);
    output.print('');
    output.print(renderTable(['TABLE', 'ROWS'], rows, { right: [1] }));
  }
  return 0;
}

function facts(metadata: StoredMetadata, takenAt: string): string[][] {
  const core = [
    ['database', printable(metadata.database)],
    ['taken', takenAt],
    ['size', bytes(metadata.size_bytes)],
    ['duration', duration(metadata.duration_seconds)],
    ['PostgreSQL', printable(metadata.pg_version)],
    ['sha256', metadata.checksum],
  ];
  return metadata.format_version ? [...core, ...details(metadata)] : core;
}

function details(metadata: BackupMetadata): string[][] {
  const { tables, properties } = metadata;
  const rows = totalRows(tables);
  return [
    ['verified', metadata.verified_at],
    ['compression', `${metadata.compression}, level ${metadata.compression_level}`],
    ['uncompressed', bytes(metadata.uncompressed_bytes)],
    ['database size', bytes(metadata.database_size_bytes_after)],
    ['tables, rows', `${count(tables.length)}, ${count(rows)}`],
    ['encoding, locale', `${properties.encoding}, ${properties.locale ?? properties.collate}`],
    ['owner', printable(properties.owner)],
    ['extensions', properties.extensions.map(({ name, version }) => `${name} ${version}`).join(', ')],
    ['WAL position', metadata.snapshot_lsn],
    ['globals', metadata.globals_file ?? `none: ${metadata.globals_missing_because}`],
    ['workflow', `${metadata.workflow_id} (run ${metadata.workflow_run_id})`],
  ];
}

function stageRow(stage: BackupMetadata['stages'][number]): string[] {
  return [stage.name, bytes(stage.bytes), duration(stage.seconds), `${bytes(stage.bytes_per_second)}/s`];
}
