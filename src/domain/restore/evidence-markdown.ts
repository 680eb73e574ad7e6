import { count, counted } from '../counts.js';
import { age, cutBytes, line, list, longestMarkdownBytes, name, shownLines } from '../markdown-words.js';
import { bytes } from '../sizes.js';
import type { TargetDifference } from './compare-tables.js';
import { provenProblems, type RestoreEvidence } from './evidence.js';
import type { RestoreSpace } from './space.js';

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

function heading({ backup, target, staging, space, inPlace }: RestoreEvidence, digest: string): string[] {
  const size =
    target.sizeBytes === null ? '' : ` (${bytes(target.sizeBytes)}, ${counted(target.sessions, 'session')})`;
  const fate = inPlace ? 'is DROPPED first' : 'is replaced';
  const present = target.oid === null ? 'does not exist yet' : `${fate}${size}`;
  const { tables, rows, sizeBytes } = staging;
  return [
    `Backup ${name(backup.id)} of ${backup.takenAt.replace(/\.\d+Z$/, 'Z')} (${age(backup.ageSeconds)} old)`,
    `would become database ${name(target.name)} of cluster ${name(target.cluster)}, which ${present}.`,
    '',
    ...(inPlace && target.oid !== null ? [irrevocable, ''] : []),
    `${inPlace ? 'Read from the backup' : 'Restored'}: ${counted(tables, 'table')}, ${counted(rows, 'row')}, ${bytes(sizeBytes)} in ${name(staging.name)}`,
    '',
    spaceWords(space),
    '',
    `Backup’s SHA-256: \`${backup.checksum}\``,
    '',
    `**Evidence: \`${digest}\`**`,
    '',
  ];
}

const irrevocable =
  '**This can NOT be undone.** The database that is there is dropped before the backup is loaded, and clients have none until it is: what was written since the backup is lost, and everything is if the load then fails and the backup’s file with it.';

function spaceWords({ neededBytes, freeBytes, unknownBecause }: RestoreSpace): string {
  if (neededBytes === null || freeBytes === null)
    return `Room on the server was not judged: ${line(unknownBecause ?? 'it is not known')}`;
  return `Room on the server, before loading: ${bytes(neededBytes)} needed, ${bytes(freeBytes)} free`;
}

function proof(evidence: RestoreEvidence): string[] {
  const { counts, assertions, objects, extensions } = evidence;
  const problems = provenProblems(evidence);
  const kinds = Object.entries(objects).map(([kind, number]) => `${kind}: ${count(number)}`);
  return [
    problems.length === 0 ? '### Proven' : '### NOT proven',
    ...(problems.length > 0 ? list(problems) : []),
    `${counted(counts.equalTables, 'table')} ${counts.equalTables === 1 ? 'has' : 'have'} exactly the rows of the metadata; ${count(counts.differenceCount)} ${counts.differenceCount === 1 ? 'differs' : 'differ'}.`,
    ...asked(assertions),
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

/** The user's own questions, each with its answer. */
function asked(assertions: RestoreEvidence['assertions']): string[] {
  if (assertions.length === 0) return [];
  const told = assertions.map(
    ({ name: question, expected, found, ok }) =>
      `${ok ? 'holds' : 'DOES NOT HOLD'}: ${question}: found ${found ?? 'NULL'}, expected ${expected ?? 'NULL'}`,
  );
  return [
    `${assertions.filter(({ ok }) => ok).length} of ${assertions.length} assertions hold:`,
    ...list(told),
  ];
}

function change({ difference, target, properties }: RestoreEvidence): string[] {
  if (!difference) return [`### Nothing is replaced: ${name(target.name)} does not exist`, ''];
  const { tablesGone, tablesNew, tablesWithFewerRows, tablesWithMoreRows } = difference;
  const more =
    tablesGone +
    tablesNew +
    tablesWithFewerRows +
    tablesWithMoreRows -
    difference.changes.slice(0, 50).length;
  return [
    '### What would be different',
    ...totals(difference),
    '',
    ...(difference.changes.length > 0 ? ['| table | rows now | rows after |', '|---|---:|---:|'] : []),
    ...difference.changes
      .slice(0, 50)
      .map(({ table, before, after }) => `| ${name(table)} | ${rowsOf(before)} | ${rowsOf(after)} |`),
    ...(difference.changes.length > 0 ? [''] : []),
    ...(more > 0 ? [`and ${more} more tables: the evidence’s file in \`logs/\` names them all.`, ''] : []),
    ...becoming(properties),
  ];
}

/** Nothing where that is not known, which a warning tells. */
function becoming(properties: RestoreEvidence['properties']): string[] {
  if (properties === null) return [];
  if (properties.length === 0) return ['Owner, locale, settings and privileges stay as they are.', ''];
  const more = properties.length - shownLines;
  return [
    'Of the database itself becomes that of the backup:',
    '',
    '| | now | after |',
    '|---|---|---|',
    ...properties
      .slice(0, shownLines)
      .map(({ property, before, after }) => `| ${name(property)} | ${name(before)} | ${name(after)} |`),
    '',
    ...(more > 0 ? [`and ${more} more: the evidence’s file in \`logs/\` names them all.`, ''] : []),
  ];
}

/** Rows are counted, not compared: what an UPDATE spoilt shows in no figure here, and must not be called unchanged. */
function totals(difference: TargetDifference): string[] {
  const { tablesGone, tablesNew, tablesWithFewerRows, tablesWithMoreRows, tablesUnchanged } = difference;
  const now = `${counted(difference.rowsBefore, 'row')} now${difference.exact ? '' : ' (estimated)'}`;
  return [
    `${now}, ${count(difference.rowsAfter)} after.`,
    `Tables: ${tablesGone} gone, ${tablesNew} new, ${tablesWithFewerRows} with fewer rows, ${tablesWithMoreRows} with more,`,
    `${tablesUnchanged} with as many (what is in the rows is not compared).`,
  ];
}

function notes({ warnings, blockers, unvalidatedConstraints, createdRoles }: RestoreEvidence): string[] {
  const unchecked = unvalidatedConstraints.map((each) => `not validated, as in the backup: ${each}`);
  return [
    ...(createdRoles.length > 0 ? ['### Roles created from the backup', ...list(createdRoles)] : []),
    ...(blockers.length > 0 ? ['### In the way of the swap', ...list(blockers)] : []),
    ...(warnings.length + unchecked.length > 0 ? ['### To know', ...list([...warnings, ...unchecked])] : []),
  ];
}

function rowsOf(rows: number | null): string {
  return rows === null ? '–' : count(rows);
}
