import type { CrontabJob } from './read-crontab.js';

/** What a job of a crontab does, in terms of what Holdfast does. */
export type Meaning =
  | { kind: 'full'; database?: string }
  /** Physical copies: WAL cycles take them when they are due. */
  | { kind: 'base' }
  | { kind: 'wal' }
  | { kind: 'monitor' }
  | { kind: 'drill' }
  | { kind: 'retention'; days?: number }
  /** Of backups, by its words, but which is not known. */
  | { kind: 'unclear' }
  | { kind: 'other' };

/** The first that fits decides: a test of a restore may well run pg_dump, and a cleanup name the backups' folder. */
const patterns: readonly [RegExp, Meaning['kind']][] = [
  [/\brestore_backup\.sh\b|restore[-_ ]?(?:test|drill|check)|(?:test|drill|check)[-_ ]?restore/i, 'drill'],
  [
    /\bpg_restore\b|\bpgbackrest\b.*\brestore\b|\bbarman\s+(?:\S+\s+)*recover\b|\bwal-g\b.*\bbackup-fetch\b/,
    'drill',
  ],
  [
    /\bmonitor_backups\.sh\b|\bpgbackrest\b.*\b(?:check|info|verify)\b|\bbarman\s+(?:\S+\s+)*(?:check|list-backups?)\b/,
    'monitor',
  ],
  [
    /check[-_]?(?:pg_?)?backups?|backups?[-_](?:check|monitor)|\bwal-g\b.*\b(?:wal-verify|backup-list)\b/i,
    'monitor',
  ],
  [
    /\bfind\b.*-(?:delete|exec\s+rm)\b|\bpgbackrest\b.*\bexpire\b|\bbarman\s+(?:\S+\s+)*delete\b|\bwal-g\b.*\bdelete\b/,
    'retention',
  ],
  [
    /\bpg_archivecleanup\b|(?:clean|expire|prune|rotate|purge)[-_]?\w*(?:backup|dump)|(?:backup|dump)\w*[-_](?:clean|expire|prune|rotate|purge)/i,
    'retention',
  ],
  [
    /\bbackup_incremental\.sh\b|\bbarman\s+(?:\S+\s+)*(?:cron|switch-wal|receive-wal)\b|\bpg_switch_wal\b|\bpg_receivewal\b/,
    'wal',
  ],
  [
    /\bpg_basebackup\b|\bpgbackrest\b.*\bbackup\b|\bbarman\s+(?:\S+\s+)*backup\b|\bwal-g\b.*\bbackup-push\b/,
    'base',
  ],
  [/\bbackup_full\.sh\b|\bpg_dump(?:all)?\b|\bpg_back\b|\bautopostgresqlbackup\b/, 'full'],
];

const ofBackups = /back-?up|\bdump|restore|\bwal\b|\bpg_\w+|postgres/i;

/** What a job does. */
export function recognise({ command }: CrontabJob): Meaning {
  const kind = patterns.find(([pattern]) => pattern.test(command))?.[1];
  if (kind === 'full') return fullBackup(command);
  if (kind === 'retention') return retention(command);
  if (kind !== undefined) return { kind } as Meaning;
  return { kind: ofBackups.test(command) ? 'unclear' : 'other' };
}

function retention(command: string): Meaning {
  if (!ofBackups.test(command)) return { kind: 'other' };
  const days = /-mtime\s+\+(\d{1,4})\b/.exec(command)?.[1];
  return { kind: 'retention', ...(days !== undefined && Number(days) > 0 && { days: Number(days) }) };
}

function fullBackup(command: string): Meaning {
  const [, program = '', rest = ''] =
    /(backup_full\.sh|pg_dumpall|pg_dump|pg_back|autopostgresqlbackup)\b["']?\s*([^|>;&]*)/.exec(command) ??
    [];
  const database = program === 'pg_dump' || program === 'backup_full.sh' ? databaseOf(rest) : undefined;
  return { kind: 'full', ...(database !== undefined && { database }) };
}

/** Options of pg_dump that are followed by a value of their own. */
const valued =
  /^-[a-zA-Z]*[dEfFhjnNpStTUZ]$|^--(?:dbname|encoding|file|format|host|jobs|schema|exclude-schema|port|superuser|table|exclude-table|username|compress|lock-wait-timeout)$/;

/** The database that is named: by -d, or by the word that belongs to no option. */
function databaseOf(rest: string): string | undefined {
  const words = (rest.match(/"[^"]*"|'[^']*'|\S+/g) ?? []).map((word) =>
    word.replace(/^(["'])(.*)\1$/, '$2'),
  );
  const named = /^(?:--dbname=|-d)(.+)$/;
  let found: string | undefined;
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? '';
    const own = named.exec(word)?.[1];
    if (own !== undefined) found = own;
    else if (valued.test(word)) {
      index += 1;
      if (word === '-d' || word === '--dbname') found = words[index];
    } else if (!word.startsWith('-') && !/^\d?$/.test(word)) found = word;
  }
  const name = found && nameIn(found);
  return name !== undefined && name !== '' && !/[$`*]/.test(name) ? name : undefined;
}

/** The name in a connection string. */
function nameIn(text: string): string {
  const uri = /^postgres(?:ql)?:\/\/[^/]*\/([^?]*)/.exec(text);
  if (uri) return decodeURIComponent(uri[1] ?? '');
  return /(?:^|\s)dbname=(\S+)/.exec(text)?.[1] ?? text;
}
