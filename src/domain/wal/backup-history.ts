import { type Lsn, parseLsn } from './wal-position.js';

/** What a `.backup` file of the archive, or a base backup's `backup_label`, says. */
export interface BackupHistory {
  startLsn: Lsn;
  startTimeline: number;
  checkpointLsn: Lsn;
  label: string;
  /** As the server wrote it, in its own time zone: `2026-01-02 03:04:05 CET`. */
  startTime: string;
  /** From here on the backup is consistent. Null in a `backup_label`, which is written at the backup's start. */
  stopLsn: Lsn | null;
  stopTimeline: number | null;
  stopTime: string | null;
}

/** Reads a backup history file; undefined when what recovery needs is not in it. */
export function parseBackupHistory(text: string): BackupHistory | undefined {
  const fields = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, name, value] = /^([A-Z ]+): (.*)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) fields.set(name, value);
  }
  const location = (name: string) => /^(\S+)(?: \(file ([0-9A-F]{24})\))?$/.exec(fields.get(name) ?? '');
  const start = location('START WAL LOCATION');
  const startLsn = parseLsn(start?.[1] ?? '');
  const checkpointLsn = parseLsn(fields.get('CHECKPOINT LOCATION') ?? '');
  const startTimeline = number(fields.get('START TIMELINE')) ?? timelineOf(start?.[2]);
  if (startLsn === undefined || checkpointLsn === undefined || startTimeline === null) return undefined;
  const stop = location('STOP WAL LOCATION');
  return {
    startLsn,
    startTimeline,
    checkpointLsn,
    label: fields.get('LABEL') ?? '',
    startTime: fields.get('START TIME') ?? '',
    stopLsn: parseLsn(stop?.[1] ?? '') ?? null,
    stopTimeline: number(fields.get('STOP TIMELINE')) ?? timelineOf(stop?.[2]),
    stopTime: fields.get('STOP TIME') ?? null,
  };
}

function number(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : null;
}

function timelineOf(file: string | undefined): number | null {
  return file === undefined ? null : Number.parseInt(file.slice(0, 8), 16);
}
