import { type ApprovalPolicy, requesterBarredBecause } from '../src/domain/approval/policy.js';
import { HoldfastError } from '../src/domain/errors.js';

/**
 * Refuses `--yes` where it would not count: told before hours of work, after which nobody would be there to be asked.
 * @throws HoldfastError `RestoreRejected`
 */
export function refuseRequester(attempted: string, policy: ApprovalPolicy): void {
  const barred = requesterBarredBecause(policy);
  if (barred === undefined) return;
  throw new HoldfastError('RestoreRejected', {
    attempted,
    cause: `--yes does not count: ${barred}`,
    remedy: 'leave out --yes, and have somebody else run `holdfast approve`',
  });
}
