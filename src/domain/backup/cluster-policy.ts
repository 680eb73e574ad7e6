import { type ApprovalPolicy, personOf } from '../approval/policy.js';

/**
 * Who must agree before a whole cluster is replaced: all that its own policy and that of each of its databases asks for,
 * since every one of them is replaced with it. Where they name who may decide, it is who is in every list.
 */
export function strictestPolicy(own: ApprovalPolicy, others: readonly ApprovalPolicy[]): ApprovalPolicy {
  return others.reduce((one, other) => {
    const deadlineMinutes = Math.min(one.deadlineMinutes, other.deadlineMinutes);
    const reminders = [one.reminderMinutes, other.reminderMinutes].filter((each) => each !== undefined);
    const allowedApprovers = common(one.allowedApprovers, other.allowedApprovers);
    const { allowedApprovers: _, ...rest } = one;
    return {
      ...rest,
      protected: one.protected || other.protected,
      approvers: Math.max(one.approvers, other.approvers),
      requesterMayApprove: one.requesterMayApprove && other.requesterMayApprove,
      deadlineMinutes,
      ...(reminders.length > 0 && { reminderMinutes: Math.min(...reminders) }),
      ...(allowedApprovers && { allowedApprovers }),
    };
  }, own);
}

function common(one: string[] | undefined, other: string[] | undefined): string[] | undefined {
  if (!one || !other) return one ?? other;
  const people = new Set(other.map(personOf));
  return one.filter((name) => people.has(personOf(name)));
}
