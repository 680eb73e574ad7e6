import { existsSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { HoldfastError } from '../../domain/errors.js';
import { refuseImpossibleName } from '../../domain/impossible-name.js';
import type { BackupReference } from '../../domain/restore/contracts.js';
import { parseBackupId } from '../../repository/backup-files.js';
import { printable, shellWord } from '../output/format.js';

export interface RestoreArguments {
  latest?: boolean;
  from?: string;
  allowUnverified?: boolean;
  inPlace?: boolean;
}

/** Which backup is to become which database. @throws HoldfastError `ConfigurationInvalid` */
export function whatToRestore(
  first: string | undefined,
  second: string | undefined,
  { latest, from, allowUnverified, inPlace }: RestoreArguments,
): { backup: BackupReference; target: string } {
  if (inPlace && allowUnverified) throw unverifiedInPlace();
  const [reference, target] = latest ? ['latest', first] : [first, second];
  if (!reference || !target || (latest && second !== undefined)) throw unclear(latest === true);
  if (from !== undefined && !latest && reference !== 'latest' && reference !== 'oldest')
    throw misplacedFrom();
  if (!parseBackupId(reference) && parseBackupId(target)) throw exchanged(reference, target);
  refuseImpossibleName('restore', target);
  const isEnd = reference === 'latest' || reference === 'oldest';
  const database = from ?? (isEnd ? target : undefined);
  return {
    backup: {
      reference: isEnd ? reference : fileOrId(reference),
      ...(database !== undefined && { database }),
      allowUnverified: allowUnverified === true,
    },
    target,
  };
}

/** A file of the working folder is made a full path; an id, and what is none, stay as they are. */
function fileOrId(reference: string): string {
  const isPath = !parseBackupId(reference) && !isAbsolute(reference) && existsSync(reference);
  return isPath ? resolve(reference) : reference;
}

function unclear(latest: boolean): HoldfastError {
  return new HoldfastError('ConfigurationInvalid', {
    attempted: 'restore',
    cause: latest ? '--latest takes one name, the target’s' : 'it takes a backup and the target’s name',
    remedy: 'run `holdfast restore BACKUP TARGET` or `holdfast restore --latest TARGET [--from DATABASE]`',
  });
}

function unverifiedInPlace(): HoldfastError {
  return new HoldfastError('ConfigurationInvalid', {
    attempted: 'restore in place',
    cause:
      '--allow-unverified excludes --in-place: only a verified backup may take the place of what is dropped',
    remedy: 'leave one of them out',
  });
}

function misplacedFrom(): HoldfastError {
  return new HoldfastError('ConfigurationInvalid', {
    attempted: 'restore',
    cause: '--from goes with --latest only: a backup that is named is of one database already',
    remedy: 'leave out --from, or run `holdfast restore --latest TARGET --from DATABASE`',
  });
}

/** Nobody means a database to be called like a backup. */
function exchanged(first: string, second: string): HoldfastError {
  return new HoldfastError('ConfigurationInvalid', {
    attempted: 'restore',
    cause: `${printable(second)} is the name of a backup, and the backup comes first`,
    remedy: `run \`holdfast restore ${printable(shellWord(second))} ${printable(shellWord(first))}\``,
  });
}
