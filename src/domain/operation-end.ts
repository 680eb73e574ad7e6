/** How a run can end; also the search attribute `HoldfastOutcome`. */
export const operationOutcomes = ['succeeded', 'failed', 'cancelled', 'rejected'] as const;

export type OperationOutcome = (typeof operationOutcomes)[number];

/** What is told of each operation at its end. */
export interface OperationEnd {
  /** As the search attribute `HoldfastOperation`: `full-backup`, `restore`, … */
  operation: string;
  cluster: string;
  /** Empty: the whole cluster. */
  database: string;
  outcome: OperationOutcome;
  /** When it ended, ISO 8601. */
  at: string;
  durationMs: number;
  /** Of the backup that it made or took; null where there is none. */
  sizeBytes: number | null;
}

/** When an operation last ended, by how it did; ISO 8601. */
export interface LastEnds {
  operation: string;
  database: string;
  ends: Partial<Record<OperationOutcome, string>>;
}

/** The size that a workflow's result has of its backup, wherever it stands there. */
export function backupSizeOf(result: unknown): number | null {
  const { backup, base } = (result ?? {}) as Record<string, unknown>;
  const nested = (base as Record<string, unknown> | null | undefined)?.backup;
  const sizes = [backup, nested].map(
    (each) => (each as { sizeBytes?: unknown } | null | undefined)?.sizeBytes,
  );
  return sizes.find((size) => typeof size === 'number') ?? null;
}
