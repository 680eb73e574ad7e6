import { cronAlphabet } from '../../domain/schedule/cron.js';

/** A job of a crontab. */
export interface CrontabJob {
  /** Counted from 1. */
  line: number;
  /** As it is written, fit to be shown: without passwords. */
  text: string;
  /** Five fields, or a nickname. */
  cron: string;
  /** As CRON_TZ or TZ above it say; undefined: the machine's. */
  timeZone: string | undefined;
  command: string;
  /** What was set above it, such as PGHOST. */
  variables: Record<string, string>;
}

/** What a crontab holds: its jobs, and the lines that are neither jobs nor settings. */
export interface Crontab {
  jobs: CrontabJob[];
  unread: { line: number; text: string }[];
}

const assignment = /^\s*(?:"([^"]+)"|'([^']+)'|([A-Za-z_]\w*))\s*=\s*(.*?)\s*$/;
const job = /^\s*(@[A-Za-z]+|\S+(?:[ \t]+\S+){4})[ \t]+(.*)$/;

/** Words that begin a command, where /etc/crontab has a user. */
const notUsers = new Set(
  'sh bash zsh dash cd env nice ionice flock timeout chronic test sudo su echo find psql true exec setlock docker kubectl podman rm barman pgbackrest wal-g'.split(
    ' ',
  ),
);

/** Reads a crontab, a person's or the system's. */
export function readCrontab(source: string): Crontab {
  const found: Crontab = { jobs: [], unread: [] };
  let variables: Record<string, string> = {};
  for (const [index, text] of source.split(/\r?\n/).entries()) {
    if (/^\s*(?:#|$)/.test(text)) continue;
    const set = assignment.exec(text);
    if (set && !job.test(text.replace(/=.*/, '='))) {
      const name = set[1] ?? set[2] ?? set[3] ?? '';
      variables = { ...variables, [name]: unquoted(set[4] ?? '') };
      continue;
    }
    const [, cron = '', rest = ''] = job.exec(text) ?? [];
    const shown = { line: index + 1, text: withoutSecrets(text.trim()) };
    if (!cronAlphabet.test(cron)) {
      found.unread.push(shown);
      continue;
    }
    const timeZone = variables.CRON_TZ || variables.TZ?.replace(/^:/, '') || undefined;
    found.jobs.push({
      ...shown,
      cron: cron.replace(/\s+/g, ' '),
      timeZone,
      command: commandOf(rest),
      variables,
    });
  }
  return found;
}

/** What is run: without the system crontab's user, and of what follows a % only the words. */
function commandOf(rest: string): string {
  const command = rest
    .replace(/(?<!\\)%/g, ' ')
    .replaceAll('\\%', '%')
    .trim();
  const [, user = '', more = ''] = /^([a-z_][a-z0-9_-]*)\s+(\S.*)$/.exec(command) ?? [];
  const isUser =
    user !== '' &&
    !notUsers.has(user) &&
    !user.startsWith('pg_') &&
    /^(?:[/[$({"']|[A-Za-z_.-]+\b)/.test(more);
  const startsProgram =
    /^(?:[/[$({"']|(?:sh|bash|cd|env|nice|ionice|flock|timeout|sudo|find|psql|pg_\w+|barman|pgbackrest|wal-g|test)\b|[A-Z_]+=)/;
  return isUser && startsProgram.test(more) ? more : command;
}

function unquoted(value: string): string {
  return /^(["']).*\1$/.test(value) ? value.slice(1, -1) : value;
}

/** A command line as it may be shown. */
function withoutSecrets(text: string): string {
  return text
    .replace(/(\b\w*(?:PASS(?:WORD)?|PWD|SECRET|TOKEN|KEY)\w*=)(?:"[^"]*"|'[^']*'|\S+)/gi, '$1***')
    .replace(/(\b[a-z][a-z+]*:\/\/[^\s:/@]*:)[^\s@]*@/gi, '$1***@')
    .replace(/(--password[= ])\S+/g, '$1***');
}
