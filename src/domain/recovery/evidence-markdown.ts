import { count, counted } from '../counts.js';
import { age, cutBytes, line, list, longestMarkdownBytes, name, shownLines } from '../markdown-words.js';
import { bytes } from '../sizes.js';
import type { RecoveryEvidence } from './evidence.js';

/** A path is shown whole, nearly whatever it is. */
const path = (text: string) => name(text, 300);

/** The evidence for people, as Markdown; below {@link longestMarkdownBytes} whatever it holds. */
export function recoveryEvidenceMarkdown(evidence: RecoveryEvidence, digest: string): string {
  const text = [
    ...heading(evidence, digest),
    ...standing(evidence),
    ...lost(evidence),
    ...proof(evidence),
    ...(evidence.warnings.length > 0 ? ['### To know', ...list(evidence.warnings)] : []),
  ].join('\n');
  return cutBytes(text, longestMarkdownBytes - 200);
}

function heading(
  { cluster, standing: { path: dataDir, previous }, recovered }: RecoveryEvidence,
  digest: string,
) {
  return [
    `Cluster ${name(cluster)} as it was at ${line(recovered.target)}`,
    `would become ${path(dataDir)}, and what is there now would be kept as ${path(previous)}.`,
    '',
    `**Evidence: \`${digest}\`**`,
    '',
  ];
}

function standing({ standing: now, recovered }: RecoveryEvidence): string[] {
  const size = now.sizeBytes === null ? 'its size is not known' : bytes(now.sizeBytes);
  const identity = {
    true: `the same cluster as was backed up (system ${now.systemIdentifier})`,
    false: `**ANOTHER cluster** than was backed up: system ${now.systemIdentifier}, not ${recovered.systemIdentifier}`,
    null: '**it can’t be told whether it is the cluster that was backed up**',
  }[String(now.isSameCluster)];
  return [
    '### What is there now',
    `- ${identity}`,
    `- PostgreSQL ${line(now.pgVersion)}, ${size}${now.state === null ? '' : `, “${line(now.state)}”`}`,
    ...(now.unreadable === null
      ? [
          `- last checkpoint ${now.checkpointAt ?? 'at no known time'}, position ${now.checkpointLsn}, timeline ${now.timeline}`,
        ]
      : [`- its control file can’t be read: ${line(now.unreadable)}`]),
    ...(now.state !== null && !now.state.startsWith('shut down')
      ? ['- it was not shut down: it crashed, or was stopped at once']
      : []),
    ...(now.walFolder === null ? [] : [`- its WAL lies in ${path(now.walFolder)}, and stays there`]),
    ...now.tablespaces.slice(0, shownLines).map((each) => `- its tablespace ${path(each)} stays where it is`),
    '',
  ];
}

/** What only the folder has that would be moved aside. */
function lost({ standing: now, recovered, window }: RecoveryEvidence): string[] {
  const from = recovered.replayedTo;
  const span = from && now.checkpointAt ? (Date.parse(now.checkpointAt) - Date.parse(from)) / 1000 : null;
  const words =
    now.isSameCluster === false
      ? 'Everything in it: it is another cluster.'
      : `What was committed after ${from ?? line(recovered.target)}${
          span !== null && span > 0 ? `; its last checkpoint is ${age(span)} later` : ''
        }.`;
  return [
    '### What would be missing, and is only in what is moved aside',
    words,
    ...(now.unarchivedSegments > 0
      ? [
          `${counted(now.unarchivedSegments, 'segment')} of its WAL ${now.unarchivedSegments === 1 ? 'is' : 'are'} in no archive: no recovery reaches what is in there.`,
        ]
      : []),
    ...(window ? [`Recoverable without it: from ${window.from} to ${window.to}.`] : []),
    '',
  ];
}

function proof({ recovered, assertions, amcheck }: RecoveryEvidence): string[] {
  const { databases, databaseCount } = recovered;
  const more = databaseCount - Math.min(databases.length, shownLines);
  return [
    '### Proven',
    `From base backup ${name(recovered.base)}, every byte verified, and ${counted(recovered.segments, 'segment')}; replay stopped ${line(recovered.stopReason)}.`,
    `Last transaction ${recovered.replayedTo ?? 'not told'}, timeline ${recovered.timeline}, “${line(recovered.state)}”, in ${path(recovered.path)}`,
    '',
    ...(databases.length > 0 ? ['| database | size | tables |', '|---|---:|---:|'] : []),
    ...databases
      .slice(0, shownLines)
      .map(
        ({ name: database, sizeBytes, tables }) =>
          `| ${name(database)} | ${bytes(sizeBytes)} | ${count(tables)} |`,
      ),
    ...(more > 0 ? ['', `and ${count(more)} more databases`] : []),
    '',
    ...recovered.tablespaces.slice(0, shownLines).map((each) => `Tablespace in ${path(each)}`),
    ...(assertions.length > 0
      ? ['Assertions that hold:', ...list(assertions.map((each) => `${each.name}: ${each.found ?? 'NULL'}`))]
      : []),
    ...(amcheck ? [`pg_amcheck found nothing wrong in ${counted(amcheck.checked, 'database')}.`] : []),
    '',
  ];
}
