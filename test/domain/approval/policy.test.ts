import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decide } from '../../../src/domain/approval/decision.js';
import {
  type ApprovalPolicy,
  type ApprovalState,
  approvalsMissing,
  type Decision,
  defaultPolicy,
  expire,
  openApproval,
  protectedPolicy,
} from '../../../src/domain/approval/policy.js';
import { refusalOf } from '../../../src/domain/approval/refusal.js';

const opened = (policy: ApprovalPolicy): ApprovalState =>
  openApproval({ policy, requester: 'ann', evidence: 'e1', at: '2025-06-07T08:00:00.000Z' });

const approve = (approver: string, more: Partial<Decision> = {}): Decision => ({
  kind: 'approve',
  approver,
  reason: 'needed',
  evidence: 'e1',
  at: '2025-06-07T09:00:00.000Z',
  ...more,
});

const all = (state: ApprovalState, ...decisions: Decision[]): ApprovalState =>
  decisions.reduce((current, decision) => decide(current, decision).state, state);

test('the requester approves what is not protected', () => {
  const { state, refusal } = decide(opened(defaultPolicy), approve('ann', { reason: '' }));
  expect(refusal).toBeUndefined();
  expect(state).toMatchObject({ outcome: 'approved', approvals: [{ approver: 'ann' }] });
});

test('two approvers are two different people', () => {
  const policy = { ...protectedPolicy, approvers: 2 };
  const once = all(opened(policy), approve('bob'));
  expect(once.outcome).toBe('pending');
  expect(approvalsMissing(once)).toBe(1);
  expect(decide(once, approve(' BOB ')).refusal).toEqual({
    cause: expect.stringContaining('has approved already, and 2 different people must'),
    remedy: expect.stringContaining('still missing: 1'),
  });
  expect(all(once, approve('carol')).outcome).toBe('approved');
});

test('a rejection ends it, also after an approval and also by the requester', () => {
  const policy = { ...protectedPolicy, approvers: 2 };
  const rejected = all(opened(policy), approve('bob'), approve('ann', { kind: 'reject' }));
  expect(rejected).toMatchObject({ outcome: 'rejected', rejection: { approver: 'ann', reason: 'needed' } });
  expect(decide(rejected, approve('carol')).refusal?.cause).toMatch(/decided already: rejected/);
});

describe('S2 is refused with the reason and what to do instead, and recorded:', () => {
  const named = { ...defaultPolicy, allowedApprovers: ['bob', 'carol'] };
  test.for<[string, ApprovalPolicy, Decision, RegExp]>([
    [
      'the requester of a protected target',
      protectedPolicy,
      approve('ann'),
      /asked for the restore, and the target is protected/,
    ],
    ['the requester in other letters', protectedPolicy, approve(' Ann '), /asked for the restore/],
    [
      'a late decision',
      defaultPolicy,
      approve('bob', { at: '2025-06-08T08:00:00.001Z' }),
      /too late: the deadline was 2025-06-08T08:00:00/,
    ],
    ['a decision without a time', defaultPolicy, approve('bob', { at: 'soon' }), /too late/],
    [
      'a decision about other evidence',
      defaultPolicy,
      approve('bob', { evidence: 'e0' }),
      /other evidence \("e0"\)/,
    ],
    [
      'somebody who may not decide',
      named,
      approve('dave'),
      /"dave" is not among those who may decide: bob, carol/,
    ],
    ['a rejection by somebody who may not decide', named, approve('dave', { kind: 'reject' }), /not among/],
    ['nobody', defaultPolicy, approve('  '), /not who/],
    [
      'a rejection without a reason',
      defaultPolicy,
      approve('bob', { kind: 'reject', reason: ' ' }),
      /not why/,
    ],
    [
      'an approval of a protected target without a reason',
      protectedPolicy,
      approve('bob', { reason: '' }),
      /not why/,
    ],
  ])('%s', ([, policy, decision, words]) => {
    const before = opened(policy);
    const { state, refusal } = decide(before, decision);
    expect(refusal?.cause).toMatch(words);
    expect(refusal?.remedy).toMatch(/^[A-Z].*\.$/);
    expect(state).toMatchObject({ outcome: 'pending', approvals: [], rejection: null });
    expect(state.record).toEqual([
      expect.objectContaining({ kind: decision.kind, refusedBecause: refusal?.cause }),
    ]);
    expect(before.record).toEqual([]);
  });
});

test('a deadline that passes ends it, once decided it does not', () => {
  const pending = opened(defaultPolicy);
  expect(expire(pending, pending.deadline).outcome).toBe('pending');
  const late = expire(pending, '2025-06-08T08:00:00.001Z');
  expect(late.outcome).toBe('expired');
  expect(decide(late, approve('bob')).refusal?.cause).toMatch(/too late/);
  expect(expire(all(pending, approve('bob')), '2030-01-01T00:00:00.000Z').outcome).toBe('approved');
});

const people = fc.constantFrom('ann', 'bob', 'Bob ', 'carol', 'dave', '');
const decisions = fc.array(
  fc.record({
    kind: fc.constantFrom('approve' as const, 'reject' as const),
    approver: people,
    reason: fc.constantFrom('', 'because', 'x'.repeat(5_000)),
    evidence: fc.constantFrom('e1', 'e1', 'e1', 'e2'),
    at: fc.constantFrom('2025-06-07T09:00:00.000Z', '2025-06-07T10:00:00.000Z', '2025-06-09T00:00:00.000Z'),
  }),
  { maxLength: 400 },
);
const policies = fc.record({
  protected: fc.boolean(),
  approvers: fc.integer({ min: 0, max: 3 }),
  requesterMayApprove: fc.boolean(),
  deadlineMinutes: fc.constant(24 * 60),
});

test('whatever is sent, only enough different people who saw this evidence in time approve', () => {
  fc.assert(
    fc.property(policies, decisions, (policy, sent) => {
      const state = all(opened(policy), ...sent);
      const counted = state.approvals.map(({ approver }) => approver.trim().toLowerCase());
      expect(new Set(counted).size).toBe(counted.length);
      expect(counted).not.toContain('');
      if (!policy.requesterMayApprove) expect(counted).not.toContain('ann');
      expect(state.outcome === 'approved').toBe(counted.length >= Math.max(1, policy.approvers));
      expect(state.outcome === 'rejected').toBe(state.rejection !== null);
      for (const { at } of state.approvals)
        expect(Date.parse(at)).toBeLessThanOrEqual(Date.parse(state.deadline));
    }),
  );
});

test('every attempt is recorded or counted, in a record that stays small', () => {
  fc.assert(
    fc.property(policies, decisions, (policy, sent) => {
      const state = all(opened(policy), ...sent);
      expect(state.record.length + state.forgotten).toBe(sent.length);
      expect(state.record.length).toBeLessThanOrEqual(200);
      expect(state.record.at(-1)?.kind).toBe(sent.at(-1)?.kind);
      expect(JSON.stringify(state).length).toBeLessThan(200_000);
    }),
  );
});

test('a decision counts exactly when the validator lets it through, and a decided state never changes again', () => {
  fc.assert(
    fc.property(policies, decisions, (policy, sent) => {
      let state = opened(policy);
      for (const decision of sent) {
        const next = decide(state, decision);
        expect(next.refusal).toEqual(refusalOf(state, decision));
        if (state.outcome !== 'pending') expect(next.state.outcome).toBe(state.outcome);
        state = next.state;
      }
    }),
  );
});
