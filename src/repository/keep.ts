/** That somebody keeps a backup by hand, whatever retention says. */
export interface Keep {
  /** Who, as `user@host`; null, as all the others, where the file that says so can't be read. */
  by: string | null;
  /** Since when, ISO 8601, UTC. */
  at: string | null;
  /** Why; null, too, where nobody said. */
  reason: string | null;
  /** Why the file can't be read, which keeps the backup all the same; null where it can. */
  problem: string | null;
}

/** Who asks for a keep, and why. */
export type KeepRequest = Pick<Keep, 'reason'> & { by: string; at: Date };

/** A keep in words that follow on "kept". */
export function describeKeep({ by, reason, problem }: Keep): string {
  if (problem !== null) return `by its .keep file, which can't be read: ${problem}`;
  return `by ${by}${reason === null ? '' : `: ${reason}`}`;
}
