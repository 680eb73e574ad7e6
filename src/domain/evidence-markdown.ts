import type { TargetDifference } from './compare-tables.js';
import { provenProblems, type RestoreEvidence } from './evidence.js';
import { bytes } from './sizes.js';

/** Temporal shows it in its Web UI, and keeps every version of it in the workflow's history. */
export const longestMarkdownBytes = 20_000;

/** Lines of each list; with every line cut, all lists together stay below {@link longestMarkdownBytes}. */
const shownLines = 25;
const longestName = 80;
const longestText = 120;

/** The evidence for people, as Markdown; below {@link longestMarkdownBytes} whatever it holds. */
export function evidenceMarkdown(evidence: RestoreEvidence, digest: string): string {
  const text = [
    ...heading(evidence, digest),
    ...change(evidence),
    ...proof(evidence),
    ...notes(evidence),
  ].join('\n');
  return cutBytes(text, longestMarkdownBytes - 200);
}

function heading({ backup, target, staging }: RestoreEvidence, digest: string): string[] {
  const sessions = `${target.sessions} ${target.sessions === 1 ? 'session' : 'sessions'}`;
  const size = target.sizeBytes === null ? '' : ` (${bytes(target.sizeBytes)}, ${sessions})`;
  const present = target.oid === null ? 'does not exist yet' : `is replaced${size}`;
  const { tables, rows, sizeBytes } = staging;
  return [
    `Backup ${name(backup.id)} of ${backup.takenAt.replace(/\.\d+Z$/, 'Z')} (${age(backup.ageSeconds)} old)`,
    `would become database ${name(target.name)} of cluster ${name(target.cluster)}, which ${present}.`,
    '',
    `Restored: ${count(tables)} tables, ${count(rows)} rows, ${bytes(sizeBytes)} in ${name(staging.name)}`,
    '',
    `Backup’s SHA-256: \`${backup.checksum}\``,
    '',
    `**Evidence: \`${digest}\`**`,
    '',
  ];
}

function proof(evidence: RestoreEvidence): string[] {
  const { counts, assertions, objects, extensions } = evidence;
  const problems = provenProblems(evidence);
  const kinds = Object.entries(objects).map(([kind, number]) => `${kind}: ${count(number)}`);
  return [
    problems.length === 0 ? '### Proven' : '### NOT proven',
    ...(problems.length > 0 ? list(problems) : []),
    `${count(counts.equalTables)} tables have exactly the rows of the metadata; ${count(counts.differenceCount)} differ.`,
    ...(assertions.length > 0
      ? [`${assertions.filter(({ ok }) => ok).length} of ${assertions.length} assertions hold.`]
      : []),
    '',
    line(kinds.slice(0, 30).join(', ')),
    '',
    `Extensions: ${
      extensions
        .slice(0, shownLines)
        .map((each) => `${name(each.name)} ${line(each.version)}`)
        .join(', ') || 'none'
    }`,
    '',
  ];
}

function change({ difference, target }: RestoreEvidence): string[] {
  if (!difference) return [`### Nothing is replaced: ${name(target.name)} does not exist`, ''];
  return [
    '### What would be different',
    ...totals(difference),
    '',
    ...(difference.changes.length > 0 ? ['| table | rows now | rows after |', '|---|---:|---:|'] : []),
    ...difference.changes
      .slice(0, 50)
      .map(({ table, before, after }) => `| ${name(table)} | ${rowsOf(before)} | ${rowsOf(after)} |`),
    ...(difference.changes.length > 0 ? [''] : []),
  ];
}

/** Rows are counted, not compared: what an UPDATE spoilt shows in no figure here, and must not be called unchanged. */
function totals(difference: TargetDifference): string[] {
  const { tablesGone, tablesNew, tablesWithFewerRows, tablesWithMoreRows, tablesUnchanged } = difference;
  const now = `${count(difference.rowsBefore)} rows now${difference.exact ? '' : ' (estimated)'}`;
  return [
    `${now}, ${count(difference.rowsAfter)} after.`,
    `Tables: ${tablesGone} gone, ${tablesNew} new, ${tablesWithFewerRows} with fewer rows, ${tablesWithMoreRows} with more,`,
    `${tablesUnchanged} with as many (what is in the rows is not compared).`,
  ];
}

function notes({ warnings, blockers, unvalidatedConstraints }: RestoreEvidence): string[] {
  const unchecked = unvalidatedConstraints.map((each) => `not validated, as in the backup: ${each}`);
  return [
    ...(blockers.length > 0 ? ['### In the way of the swap', ...list(blockers)] : []),
    ...(warnings.length + unchecked.length > 0 ? ['### To know', ...list([...warnings, ...unchecked])] : []),
  ];
}

function list(items: string[]): string[] {
  const more = items.length - shownLines;
  return [
    ...items.slice(0, shownLines).map((item) => `- ${line(item)}`),
    ...(more > 0 ? [`- and ${more} more`] : []),
    '',
  ];
}

/** A name from outside, which must not become Markdown, a table's cell or another line. */
function name(text: string): string {
  const plain = text.replace(/[\p{Cc}`|]/gu, '·');
  return `\`${cutBytes(plain, longestName)}\``;
}

function line(text: string): string {
  return cutBytes(text.replace(/[\p{Cc}]/gu, ' ').replace(/[<>[\]*_`|\\]/g, '\\$&'), longestText * 2);
}

/** At most so many bytes of UTF-8, cut between characters. */
function cutBytes(text: string, bytes: number): string {
  const encoded = new TextEncoder().encode(text);
  if (encoded.length <= bytes) return text;
  const cut = new TextDecoder().decode(encoded.subarray(0, bytes));
  return `${cut.replace(/\uFFFD*$/, '')}…`;
}

function rowsOf(rows: number | null): string {
  return rows === null ? '–' : count(rows);
}

function count(number: number): string {
  return number.toLocaleString('en-US');
}

function age(seconds: number): string {
  if (seconds < 120) return `${Math.max(0, Math.round(seconds))} s`;
  if (seconds < 3600) return `${Math.max(0, Math.round(seconds / 60))} min`;
  return seconds < 2 * 86_400 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}
