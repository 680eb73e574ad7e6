import type { ConnectionSettings } from '../../src/config/config.js';
import { type ApprovalPolicy, mayRestoreInPlace } from '../../src/domain/approval/policy.js';
import type { StoredMetadata } from '../../src/domain/backup/metadata.js';
import { HoldfastError } from '../../src/domain/errors.js';
import { findClientTools } from '../../src/postgres/program/client-tools.js';
import { readTargetBlockers } from '../../src/postgres/restore/swap/exchange-blockers.js';
import { swapBlocked } from '../../src/postgres/restore/swap/swap.js';
import { type ActivityDeps, toolOptions } from '../deps.js';

/** Only what was proven may take the place of what is there, and only where the policy lets it. */
export function refuseInPlace(
  attempted: string,
  policy: ApprovalPolicy,
  metadata: StoredMetadata | null,
): void {
  const refuse = (type: 'RestoreRejected' | 'ConfigurationInvalid', cause: string, remedy: string) =>
    new HoldfastError(type, { attempted: `${attempted} in place`, cause, remedy });
  if (!mayRestoreInPlace(policy)) {
    const why = policy.protected ? 'the target is protected' : 'the target’s policy does not allow it';
    throw refuse('RestoreRejected', why, 'leave out --in-place, or set approval.inPlace for this database');
  }
  if (metadata?.format_version === 1) return;
  const cause = 'the backup’s metadata has no rows to hold it against';
  throw refuse(
    'ConfigurationInvalid',
    cause,
    'leave out --in-place, or take a backup that Holdfast has verified',
  );
}

/** What stands against the swap and does not pass by itself is told now, not after hours of loading. */
export async function refuseBlocked(
  connection: ConnectionSettings,
  target: { name: string; oid: number | null },
  isDropped: boolean,
): Promise<void> {
  const blockers = await readTargetBlockers(connection, target, { passing: false, isDropped });
  if (blockers.length > 0) throw swapBlocked(target.name, blockers);
}

/** @throws HoldfastError `ToolMissing` */
export async function requirePsql(deps: ActivityDeps, serverMajor: number, attempted: string): Promise<void> {
  const { psql } = await findClientTools(serverMajor, toolOptions(deps));
  if (!psql) throw toolMissing(attempted);
}

/** A dump is for servers of its own version or newer ones. @throws HoldfastError `ServerLacksFeature` */
export function refuseOldServer(
  attempted: string,
  takenOn: string | undefined,
  major: number,
  version: string,
): void {
  const takenOnMajor = Number.parseInt(takenOn ?? '', 10);
  if (!(takenOnMajor > major)) return;
  throw new HoldfastError('ServerLacksFeature', {
    attempted,
    cause: `the backup is of PostgreSQL ${takenOn}, and the server is ${version}`,
    remedy: `restore on PostgreSQL ${takenOnMajor} or newer`,
  });
}

function toolMissing(attempted: string): HoldfastError {
  return new HoldfastError('ToolMissing', {
    attempted,
    cause: 'there is no psql beside pg_dump',
    remedy: 'install PostgreSQL’s client programs whole, or name their folder in PG_BIN_DIR',
  });
}
