import { type ApprovalPolicy, defaultPolicy, personOf, protectedPolicy } from '../domain/approval/policy.js';
import { type Found, find, type Layer } from './layers.js';
import type { Problem } from './problem.js';
import type { ApprovalFileSettings } from './schema/restoring.js';

export interface ResolvedPolicy {
  policy: ApprovalPolicy;
  /** By the policy's keys. */
  origins: Record<string, string>;
  problems: Problem[];
}

/** An approval policy from the layers: a database's, its cluster's, the defaults of holdfast.yaml. */
export function resolvePolicy(layers: readonly Layer<ApprovalFileSettings>[]): ResolvedPolicy {
  const origins: Record<string, string> = {};
  const take = <Key extends keyof ApprovalFileSettings & string>(key: Key) => {
    const found = find(layers, key);
    origins[key] = found?.origin ?? 'default';
    return found?.value;
  };
  const base = take('protected') ? protectedPolicy : defaultPolicy;
  const deadlineMinutes = take('deadlineMinutes') ?? base.deadlineMinutes;
  const allowedApprovers = take('allowedApprovers');
  if (!allowedApprovers) delete origins.allowedApprovers;
  const requesterMayApprove = take('requesterMayApprove') ?? base.requesterMayApprove;
  if (base.protected && requesterMayApprove) origins.requesterMayApprove = origins.protected ?? 'default';
  const policy: ApprovalPolicy = {
    protected: base.protected,
    approvers: take('approvers') ?? base.approvers,
    requesterMayApprove: requesterMayApprove && !base.protected,
    deadlineMinutes,
    inPlace: take('inPlace') ?? !base.protected,
    reminderMinutes: take('reminderMinutes') ?? Math.max(1, Math.ceil(deadlineMinutes / 2)),
    ...(allowedApprovers && { allowedApprovers }),
  };
  return { policy, origins, problems: problemsOf(layers, policy) };
}

function problemsOf(layers: readonly Layer<ApprovalFileSettings>[], policy: ApprovalPolicy): Problem[] {
  const problems: Problem[] = [];
  const mayApprove = find(layers, 'requesterMayApprove');
  if (
    policy.protected &&
    mayApprove?.value &&
    depthOf(layers, 'requesterMayApprove') <= depthOf(layers, 'protected')
  )
    problems.push(problem(mayApprove, 'false, or left out, where protected is true'));
  const names = find(layers, 'allowedApprovers');
  const approvers = find(layers, 'approvers');
  const people = new Set(names?.value.map(personOf)).size;
  if (names && people < policy.approvers)
    problems.push(problem(approvers ?? names, `no more than the ${people} allowedApprovers`));
  return problems;
}

/** Which layer says it; the most particular one is 0. */
function depthOf(layers: readonly Layer<ApprovalFileSettings>[], key: keyof ApprovalFileSettings): number {
  return layers.findIndex(({ settings }) => settings[key] !== undefined);
}

function problem({ field, value, origin }: Found<unknown>, allowed: string): Problem {
  return { field, value, allowed, origin };
}
