/** What a database that Holdfast made or put aside is. */
export type MarkKind = 'staging' | 'previous' | 'undone' | 'drill';

/**
 * Says that a database is Holdfast's, in the database's comment: what has no mark is somebody's own and is never
 * dropped.
 */
export interface DatabaseMark {
  kind: MarkKind;
  /** The target's name. */
  target: string;
  /** Run of the workflow that made it so. */
  runId: string;
  /** The comment the database had before, which comes back when it does; null when it had none. */
  comment: string | null;
  /** Whose drill it is, so that another's on the same server is left alone; only of drills. */
  of?: string;
}

const sentences: Record<MarkKind, string> = {
  staging: 'Staging database of a restore, made and dropped by Holdfast.',
  previous: 'Replaced by a restore; Holdfast keeps it for an undo, then drops it.',
  undone: 'Restored by Holdfast and then undone; kept for what was written meanwhile.',
  drill: 'Scratch database of a restore drill, made and dropped by Holdfast.',
};

const prefix = 'holdfast:';

/** The comment that carries a mark: a sentence for people, then the mark as JSON. */
export function formatMark({ kind, target, runId, comment, of }: DatabaseMark): string {
  return `${sentences[kind]}\n${prefix}${JSON.stringify({ kind, target, runId, comment, of })}`;
}

/** The mark in a database's comment; undefined when it carries none. */
export function parseMark(comment: string | null | undefined): DatabaseMark | undefined {
  const at = comment?.indexOf(`\n${prefix}`) ?? -1;
  if (!comment || at === -1) return undefined;
  try {
    const found: unknown = JSON.parse(comment.slice(at + 1 + prefix.length));
    return isMark(found) && comment === formatMark(found) ? found : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a comment carries the mark of this kind, for this target. */
export function isMarkOf(comment: string | null | undefined, kind: MarkKind, target: string): boolean {
  const mark = parseMark(comment);
  return mark?.kind === kind && mark.target === target;
}

function isMark(value: unknown): value is DatabaseMark {
  const mark = (value ?? {}) as Record<string, unknown>;
  const hasTexts = typeof mark.target === 'string' && typeof mark.runId === 'string';
  const hasComment = mark.comment === null || typeof mark.comment === 'string';
  const hasOwner = mark.of === undefined || typeof mark.of === 'string';
  return (
    hasTexts && hasComment && hasOwner && typeof mark.kind === 'string' && Object.hasOwn(sentences, mark.kind)
  );
}
