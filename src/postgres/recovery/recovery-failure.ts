import { HoldfastError } from '../../domain/errors.js';
import { endedEarly } from './recovery-log.js';

/** Replay came to the making of a tablespace in that folder, and was kept from it. */
export class TablespaceMade extends HoldfastError {
  constructor(
    readonly location: string,
    ...story: ConstructorParameters<typeof HoldfastError>
  ) {
    super(...story);
  }
}

/** What was seen of a recovery that failed. */
export interface WhatWasSeen {
  /** The server's own words of what went wrong. */
  problems: string[];
  lastLines: string[];
  /** What it could not make, and where. */
  tablespace: { oid: number; location: string } | undefined;
  /** The last file that the archive surely lacked. */
  absent: string | undefined;
  /** How far it came. */
  lsn: string | undefined;
  time: string | undefined;
}

/** Why a server that should have reached its target ended. `exitCode` is undefined where a signal ended it. */
export function endedOtherwise(
  attempted: string,
  seen: WhatWasSeen,
  exitCode: number | undefined,
): HoldfastError {
  const words = seen.problems.join(' ');
  if (words.includes(endedEarly)) return notReached(attempted, seen);
  if (seen.tablespace) return tablespaceMade(attempted, words, seen.tablespace);
  if (words !== '') {
    const remedy = /could not restore file/.test(words)
      ? 'make the archive readable for the account that the cluster belongs to, and recover again'
      : 'mend what the server names, or recover from another base backup';
    return new HoldfastError('RecoveryFailed', { attempted, cause: `PostgreSQL: ${words}`, remedy });
  }
  const end = exitCode === undefined ? 'it was killed' : `it ended with exit code ${exitCode}`;
  return new HoldfastError('RecoveryInterrupted', {
    attempted,
    cause: `the server did not get there: ${end}; its log ends with: ${seen.lastLines.join(' | ') || 'nothing'}`,
    remedy: 'find out what ended it, and recover again',
  });
}

function tablespaceMade(
  attempted: string,
  words: string,
  { oid, location }: NonNullable<WhatWasSeen['tablespace']>,
): TablespaceMade {
  return new TablespaceMade(location, 'RecoveryFailed', {
    attempted,
    cause: `tablespace ${oid} was made in ${location} after the base backup, and replay would write into that folder, which a server may use (PostgreSQL: ${words})`,
    remedy:
      'take a base backup that has it (`holdfast wal --base`), or recover to a time before; only where no server of this machine uses that folder, make it and recover with --make-tablespaces',
  });
}

function notReached(attempted: string, { absent, lsn, time }: WhatWasSeen): HoldfastError {
  const reached = [lsn && `position ${lsn}`, time && `the transaction of ${time}`].filter(Boolean).join(', ');
  const lacks = absent === undefined ? '' : `; the archive has no ${absent}`;
  return new HoldfastError('RecoveryTargetNotReached', {
    attempted,
    cause: `PostgreSQL: ${endedEarly}. It came to ${reached || 'no position'}${lacks}`,
    remedy:
      'choose an earlier target, or put what is missing into the archive and recover again; where nothing was committed after that position, `--to latest` gives the same',
  });
}

/** The server stopped, but for something else. */
export function notForTarget(attempted: string, stopReason: string): HoldfastError {
  const cause =
    stopReason === ''
      ? 'the server ended recovery without stopping at a target'
      : `the server stopped ${stopReason}, which is not the target`;
  const remedy = 'use nothing of this cluster; recover again into another folder';
  return new HoldfastError('RecoveryFailed', { attempted, cause, remedy });
}
