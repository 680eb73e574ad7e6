import type { Alert } from '../domain/alert.js';

/** What a person reads at night, first on a locked screen: how bad, where, what; then what to do. */
export interface MailText {
  subject: string;
  text: string;
}

const longestSubject = 150;

/** An alert in words. */
export function mailTextOf(alert: Alert): MailText {
  const { type, priority, message, cluster, database, host, time, id } = alert;
  const place = placeOf(alert);
  const subject = oneLine(`[Holdfast ${priority.toUpperCase()}] ${place ? `${place}: ` : ''}${message}`);
  const facts = [
    ['Priority', priority],
    ['Type', type],
    ['Database', database],
    ['Cluster', cluster],
    ['Host', host],
    ['Time', time],
  ].filter(([, value]) => value !== '');
  const figures = Object.entries(alert.metrics).map(([name, value]) => [name, String(value)]);
  const text = [
    ...[message, ''],
    ...['What to do:', ...whatToDo(alert).map((each) => `  - ${each}`), ''],
    ...[...facts, ...figures].map(([name, value]) => `${name}: ${oneLine(String(value))}`),
    ...['', `Alert ${id}. The same alert may come twice; it has the same Message-ID then.`],
  ];
  return { subject: cut(subject), text: `${text.join('\n')}\n` };
}

function placeOf({ cluster, database }: Alert): string {
  return [cluster, database].filter((part) => part !== '').join('/');
}

/** What the finding says, and where to look. */
function whatToDo({ remedy, type, priority, host, cluster }: Alert): string[] {
  const looks = {
    restore_approval: `\`holdfast approvals\` shows what waits; \`holdfast approve\` or \`holdfast reject\` decides`,
    restore_done: 'look at its summary in `logs/`',
    backup_succeeded: 'nothing',
    backup_failed: `look at its log in \`logs/\` of the repository on ${host}; \`holdfast backup\` tries again`,
  } as const;
  const onCluster = cluster === '' ? '' : ` ${cluster}`;
  const usual = `run \`holdfast monitor${onCluster}\` on ${host}: it shows every check and what to do`;
  const general = type in looks ? looks[type as keyof typeof looks] : priority === 'info' ? 'nothing' : usual;
  return remedy === undefined || remedy === ''
    ? [general]
    : [remedy, ...(general === 'nothing' ? [] : [general])];
}

/** Line ends in a subject would be headers. */
function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
}

function cut(text: string): string {
  return text.length > longestSubject ? `${text.slice(0, longestSubject - 1)}…` : text;
}
