import { stringify } from 'yaml';
import type { CompressionMethod } from '../domain/backup/metadata.js';
import { bytes } from '../domain/sizes.js';
import { printable } from '../log/printable.js';
import type { FoundServer } from './find-databases.js';

/** What holdfast.yaml is to say. */
export interface SetupAnswers {
  cluster: string;
  connection: { host?: string; port?: number; user?: string; service?: string };
  /** Absolute path of a file that holds the password alone; undefined: the password comes from elsewhere. */
  passwordFile?: string;
  /** Absolute. */
  backupDir: string;
  retentionDays: number;
  compression: CompressionMethod;
  alertEndpoint?: string;
}

/** A commented holdfast.yaml. Nothing in it is secret, but what an alert endpoint's address may hold. */
export function settingsText(answers: SetupAnswers, found: FoundServer): string {
  const { cluster, connection, passwordFile, backupDir, retentionDays, compression } = answers;
  const lines = [
    '# Settings of Holdfast. What may stand here: `holdfast config schema` and docs/configuration.md.',
    '# Variables of the environment (PGHOST, BACKUP_DIR, RETENTION_DAYS, ...) stand above it for the cluster `default`;',
    '# `holdfast config show` prints what holds, and where each setting was read.',
    'version: 1',
    '',
    '# Where backups are kept: not on the disk of the server, better on another machine.',
    entry('backupDir', backupDir),
    '',
    '# For every cluster below that says nothing else.',
    'defaults:',
    '  # gzip can be read everywhere; zstd is faster and smaller; lz4 the fastest.',
    `  ${entry('compression', compression)}`,
    '  # Days for which full backups are kept. The newest verified one of each database always is.',
    `  ${entry('retentionDays', retentionDays)}`,
    '  # maxBackupAgeHours: 25    # an older last backup raises an alert',
    '  # minDiskSpaceGb: 10       # so does less free space',
    '  # walRetentionDays: 7      # how far back a point in time can be restored to, once WAL is archived',
    '',
    'clusters:',
    `  ${key(cluster)}:`,
    '    connection:',
    ...Object.entries(connection).map(([name, value]) => `      ${entry(name, value)}`),
    '      # The password stands in no settings: passwordFile, passwordEnv (the name of a variable), or ~/.pgpass.',
    ...(passwordFile === undefined
      ? ['      # passwordFile: /etc/holdfast/password    # mode 0600']
      : [`      ${entry('passwordFile', passwordFile)}`]),
    ...foundLines(found),
    '    # databases:',
    `    #   ${key(found.databases[0]?.name ?? 'shop')}:`,
    '    #     approval: { protected: true }    # another than who asks must agree to a restore over it',
    '',
    ...alertLines(answers),
  ];
  return `${lines.join('\n')}\n`;
}

const mostNamed = 30;

function foundLines({ version, databases }: FoundServer): string[] {
  const named = databases.slice(0, mostNamed).map(({ name, sizeBytes }) => {
    const size = sizeBytes === null ? '' : ` (${bytes(sizeBytes)})`;
    return `    #   ${printable(name)}${size}`;
  });
  const more = databases.length - named.length;
  return [
    `    # PostgreSQL ${printable(version)} had these databases when this was written; all are backed up by \`--all\`:`,
    ...named,
    ...(more > 0 ? [`    #   and ${more} more`] : []),
  ];
}

function alertLines({ alertEndpoint }: SetupAnswers): string[] {
  if (alertEndpoint !== undefined)
    return ['# Each alert is POSTed here as JSON.', 'alerts:', `  ${entry('endpoint', alertEndpoint)}`];
  return ['# alerts:', '#   endpoint: https://alerts.example.com/in    # each alert is POSTed here as JSON'];
}

function entry(name: string, value: string | number): string {
  return `${name}: ${stringify(value, { lineWidth: 0, blockQuote: false }).trimEnd()}`;
}

function key(name: string): string {
  return stringify(name, { lineWidth: 0, blockQuote: false }).trimEnd();
}
